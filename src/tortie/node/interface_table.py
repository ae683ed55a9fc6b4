"""The interfaces and addresses of the host, mirrored. Pure.

For: keeping links and addresses by what is asked of them (name, own address), and saying what a change means for
routes. Not for: reading them from the kernel (`netlink`, `netlink_monitor`).

Structure to know: `InterfaceTable`.
"""

from collections.abc import Iterable, Mapping, Sequence

from tortie.node.interface import InterfaceAddress, Link
from tortie.node.learned import Prefix, direct_prefixes
from tortie.node.resolver import is_link_local

__all__ = ["InterfaceTable"]


class InterfaceTable:
    """Links and addresses. Link-local IPv6 addresses are left out: each interface has one, none concerns a route."""

    __slots__ = ("_addresses", "_by_index", "_by_name")

    def __init__(self) -> None:
        """Start with none."""
        self._by_index: dict[int, Link] = {}
        self._by_name: dict[str, Link] = {}
        self._addresses: dict[tuple[int, bytes, bytes], InterfaceAddress] = {}

    @property
    def by_name(self) -> Mapping[str, Link]:
        """Name → interface."""
        return self._by_name

    def names(self) -> dict[int, str]:
        """Return interface index → name, for texts."""
        return {index: link.name for index, link in self._by_index.items()}

    def own_addresses(self) -> frozenset[bytes]:
        """Return the host's own addresses, 4 or 16 octets each."""
        return frozenset(address.address for address in self._addresses.values())

    def direct_prefixes(self, ignored: Sequence[str]) -> frozenset[Prefix]:
        """Return the connected prefixes of usable interfaces; see `learned.direct_prefixes`."""
        return direct_prefixes(self._by_index.values(), self._addresses.values(), ignored)

    def load_links(self, links: Iterable[Link]) -> set[str]:
        """Take all links; return the names that came, changed or went."""
        present = {link.index: link for link in links}
        names: set[str] = set()
        for link in [link for index, link in self._by_index.items() if index not in present]:
            names |= self.set_link(link, is_gone=True)
        for link in present.values():
            names |= self.set_link(link, is_gone=False)
        return names

    def set_link(self, link: Link, *, is_gone: bool) -> set[str]:
        """Take one link; return the names that this concerns: none if nothing changed, two if it was renamed."""
        before = self._by_index.get(link.index)
        if (before is None and is_gone) or (before == link and not is_gone):
            return set()
        if before is not None and self._by_name.get(before.name) == before:
            del self._by_name[before.name]
        if is_gone:
            del self._by_index[link.index]
        else:
            self._by_index[link.index] = link
            self._by_name[link.name] = link
        return {link.name} if before is None else {link.name, before.name}

    def is_up(self, index: int) -> bool:
        """Tell whether an interface is there and up."""
        link = self._by_index.get(index)
        return link is not None and link.is_up

    def load_addresses(self, addresses: Iterable[InterfaceAddress]) -> bool:
        """Take all addresses; return whether anything changed."""
        followed = {_identity(address): address for address in addresses if not is_link_local(address.address)}
        is_changed = followed != self._addresses
        self._addresses = followed
        return is_changed

    def set_address(self, address: InterfaceAddress, *, is_gone: bool) -> bool:
        """Take one address; return whether anything changed."""
        identity = _identity(address)
        if is_link_local(address.address) or self._addresses.get(identity) == (None if is_gone else address):
            return False
        if is_gone:
            del self._addresses[identity]
        else:
            self._addresses[identity] = address
        return True


def _identity(address: InterfaceAddress) -> tuple[int, bytes, bytes]:
    return address.interface_index, address.address, address.nlri
