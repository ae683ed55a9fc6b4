"""Events of the kernel's routing, from bytes. Pure.

For: turning a datagram of a monitoring socket into events. Not for: the socket (`netlink_monitor`), or requests and
their answers (`netlink`). rtnetlink(7).
Structure to know: `EventDecoder`.
"""

from collections.abc import Callable, Mapping
from typing import Final

from tortie.node.errors import NetlinkMessageInvalid
from tortie.node.kernel_event import AddressChanged, Event, LinkChanged, ResyncNeeded, RouteChanged
from tortie.node.netlink_interface import (
    RTM_DELADDR,
    RTM_DELLINK,
    RTM_NEWADDR,
    RTM_NEWLINK,
    decode_address,
    decode_link,
)
from tortie.node.netlink_message import NLM_F_APPEND, Header, headers
from tortie.node.netlink_route import RTM_DELROUTE, RTM_NEWROUTE, RouteDecoder

__all__ = ["EventDecoder"]


class EventDecoder:
    """Decodes datagrams; it keeps the forms of routes seen (`RouteDecoder`)."""

    __slots__ = ("_routes",)

    def __init__(self) -> None:
        """Start with nothing remembered."""
        self._routes = RouteDecoder()

    def decode(self, data: bytes) -> list[Event]:
        """Return the events in a datagram; one that cannot be read becomes `ResyncNeeded`, never an exception."""
        events: list[Event] = []
        try:
            for header in headers(data):
                event = self._event(data, header)
                if event is not None:
                    events.append(event)
        except NetlinkMessageInvalid as error:
            events.append(ResyncNeeded(f"an event cannot be read: {error}"))
        return events

    def _event(self, data: bytes, header: Header) -> Event | None:
        if header.type in (RTM_NEWROUTE, RTM_DELROUTE):
            decoded = self._routes.decode(data, header.start, header.end)
            if decoded is None:
                return None
            is_appended = bool(header.flags & NLM_F_APPEND)
            return RouteChanged(*decoded, header.type == RTM_DELROUTE, is_appended)
        decode = _DECODE.get(header.type)
        return None if decode is None else decode(data, header)


def _link_event(data: bytes, header: Header) -> Event | None:
    link = decode_link(data, header.start, header.end)
    return None if link is None else LinkChanged(link, header.type == RTM_DELLINK)


def _address_event(data: bytes, header: Header) -> Event | None:
    address = decode_address(data, header.start, header.end)
    return None if address is None else AddressChanged(address, header.type == RTM_DELADDR)


_DECODE: Final[Mapping[int, Callable[[bytes, Header], Event | None]]] = {
    RTM_NEWLINK: _link_event,
    RTM_DELLINK: _link_event,
    RTM_NEWADDR: _address_event,
    RTM_DELADDR: _address_event,
}
