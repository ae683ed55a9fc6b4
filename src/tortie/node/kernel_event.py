"""What happens in the kernel's routing, as values. Pure.

For: the events that the monitor reads and the synchronisation acts on. Not for: reading them (`netlink_monitor`).
Structure to know: `Event`.
"""

from dataclasses import dataclass

from tortie.node.interface import InterfaceAddress, Link
from tortie.node.route import Route, RouteKey

__all__ = ["AddressChanged", "Event", "LinkChanged", "ResyncNeeded", "RouteChanged"]


@dataclass(frozen=True, slots=True)
class RouteChanged:
    """A route came, changed, or went.

    Attributes:
        key: its identity.
        route: where it leads now; of one that went, where it led.
        is_gone: it went.
        is_appended: it stands behind another route with the same key, which it does not displace.
    """

    key: RouteKey
    route: Route
    is_gone: bool
    is_appended: bool = False


@dataclass(frozen=True, slots=True)
class LinkChanged:
    """An interface came, changed, or went."""

    link: Link
    is_gone: bool


@dataclass(frozen=True, slots=True)
class AddressChanged:
    """An address came, changed, or went."""

    address: InterfaceAddress
    is_gone: bool


@dataclass(frozen=True, slots=True)
class ResyncNeeded:
    """Events were lost: whoever mirrors the kernel must read it anew.

    Attributes:
        reason: for a log line.
    """

    reason: str


Event = RouteChanged | LinkChanged | AddressChanged | ResyncNeeded
