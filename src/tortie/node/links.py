"""Interfaces and their addresses, through pyroute2.

For: reading interfaces and addresses on demand and making small changes to them. It is the only module of `node` that
imports pyroute2. Not for: routes (`netlink`; pyroute2 takes 0.3 ms a route), news of interfaces (`netlink_monitor`), or
settings under /proc/sys (`sysctl`). rtnetlink(7).

pyroute2 is driven through its asyncio side: no threads, nothing blocks for longer than one answer takes to decode
(about 0.3 ms an interface).

Structure to know: `Links`; it belongs to the network namespace in which it was opened.
"""

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Final, Self

from pyroute2 import AsyncIPRoute
from pyroute2 import NetlinkError as PyrouteError

from tortie.bgp.wire.nlri import address_from_text
from tortie.node.errors import NetlinkRefused
from tortie.node.interface import InterfaceAddress, Link
from tortie.node.netlink_interface import IFF_UP, connected_prefix
from tortie.node.netlink_message import errno_name
from tortie.node.route import FAMILY_BY_ADDRESS_FAMILY

__all__ = ["Links"]

_NO_SUCH_DEVICE: Final = 19
_EXISTS: Final = 17


class Links:
    """The interfaces of a network namespace; an asynchronous context manager."""

    def __init__(self) -> None:
        """Prepare; `async with` opens the socket."""
        self._netlink = AsyncIPRoute()

    async def __aenter__(self) -> Self:
        """Open the socket."""
        await self._netlink.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close it."""
        await self._netlink.__aexit__(kind, error, traceback)

    async def links(self) -> list[Link]:
        """Return all interfaces, by index."""
        found = [_link(message) async for message in await self._netlink.get_links()]
        return sorted(found)

    async def addresses(self) -> list[InterfaceAddress]:
        """Return all IPv4 and IPv6 addresses, by interface."""
        found = [_address(message) async for message in await self._netlink.get_addr()]
        return sorted(address for address in found if address is not None)

    async def find(self, name: str) -> Link | None:
        """Return the interface called `name`, or None."""
        return next((link for link in await self.links() if link.name == name), None)

    async def set_up(self, name: str, *, mtu: int | None = None) -> None:
        """Bring an interface up, and set its MTU (octets) if one is given.

        Raises:
            NetlinkRefused: no such interface, an MTU it cannot have, or want of rights.
        """
        changes = {} if mtu is None else {"mtu": mtu}
        try:
            await self._netlink.link("set", index=await self._index(name), state="up", **changes)
        except PyrouteError as error:
            raise _refused(f"bring up interface {name}", error) from error

    async def add_address(self, name: str, address: str, prefix_length: int) -> None:
        """Add an address to an interface; nothing happens if it is there.

        Raises:
            AddressTextError: not an address.
            NetlinkRefused: no such interface, or want of rights.
        """
        address_from_text(address)
        index = await self._index(name)
        try:
            await self._netlink.addr("add", index=index, address=address, prefixlen=prefix_length)
        except PyrouteError as error:
            if error.code != _EXISTS:
                raise _refused(f"add {address}/{prefix_length} to interface {name}", error) from error

    async def _index(self, name: str) -> int:
        link = await self.find(name)
        if link is None:
            raise NetlinkRefused(_NO_SUCH_DEVICE, f"interface {name}: there is none of this name")
        return link.index


# pyroute2 has no types; a message is a mapping of field and attribute names to values.
_Message = Mapping[str, Any]


def _link(message: _Message) -> Link:
    is_up = bool(message["flags"] & IFF_UP)
    return Link(message["index"], str(message.get("ifname")), is_up, message.get("mtu") or 0)


def _address(message: _Message) -> InterfaceAddress | None:
    family = FAMILY_BY_ADDRESS_FAMILY.get(message["family"])
    if family is None:
        return None
    peer = address_from_text(str(message.get("address")))
    local = message.get("local")
    own = peer if local is None else address_from_text(local)
    nlri = connected_prefix(peer, message["prefixlen"])
    return InterfaceAddress(message["index"], family, own, nlri, message["scope"])


def _refused(what: str, error: PyrouteError) -> NetlinkRefused:
    return NetlinkRefused(error.code, f"{what}: {errno_name(error.code)}")
