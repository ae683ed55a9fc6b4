"""Values around the kernel synchronisation: its configuration, what a scan read, its state. Pure.

For: the values that `kernel_sync` takes and gives. Not for: any decision.
Structures to know: `KernelSyncConfig`, `Snapshot`, `KernelStatus`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from tortie.node.interface import InterfaceAddress, Link
from tortie.node.route import IPV6_METRIC_DEFAULT, TABLE_MAIN, Route, RouteKey

__all__ = ["STATUS_ENTRIES_MAX", "KernelStatus", "KernelSyncConfig", "Snapshot"]

STATUS_ENTRIES_MAX: Final = 100
"""Conflicts, failures and next hops listed by name in a status; the counts are always whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelSyncConfig:
    """What of the kernel is ours to keep.

    Attributes:
        table: routing table, 32-bit unsigned.
        metric_v4: RTA_PRIORITY of our IPv4 routes; 0 is the strongest, and BIRD's.
        metric_v6: of our IPv6 routes; not 0.
        learn: offer foreign routes of the table to BGP.
        direct: offer connected prefixes to BGP.
    """

    table: int = TABLE_MAIN
    metric_v4: int = 0
    metric_v6: int = IPV6_METRIC_DEFAULT
    learn: bool = True
    direct: bool = True


@dataclass(slots=True)
class Snapshot:
    """What a full scan read.

    Attributes:
        links: all interfaces.
        addresses: all IPv4 and IPv6 addresses.
        routes: of our table; of several at one key the first, which is the one in force.
        crowded: the keys with several (`ip route append`).
    """

    links: list[Link] = field(default_factory=list)
    addresses: list[InterfaceAddress] = field(default_factory=list)
    routes: dict[RouteKey, Route] = field(default_factory=dict)
    crowded: set[RouteKey] = field(default_factory=set)

    def add_routes(self, found: Iterable[tuple[RouteKey, Route]]) -> None:
        """Take some routes, in the kernel's order."""
        for key, route in found:
            if key in self.routes:
                self.crowded.add(key)
            else:
                self.routes[key] = route


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelStatus:
    """The state of the synchronisation, for people and programs; lists hold `STATUS_ENTRIES_MAX` entries at most.

    Attributes:
        is_in_sync: nothing waits to be written or looked at, and nothing was refused. Conflicts and next hops that are
            not reachable do not count: there is nothing to be done about them.
        installed: routes of ours in the kernel, stale ones included.
        desired: routes asked for.
        pending: keys that wait to be looked at.
        stale: routes of an earlier run, kept until the sweep.
        repaired: writes that undid what somebody else did.
        failures: writes that the kernel refused, ever.
        failed: those that are refused now.
        last_error: the last refusal or failed scan, empty if there was none.
        conflicts: foreign routes that stand where ours are wanted.
        conflict_count, failed_count: whole numbers of both.
        waiting: routes that wait for a next hop or for an interface.
        unreachable_next_hops: the next hops they wait for.
        learned: prefixes offered to BGP.
        scans: full scans done.
        resyncs: scans that lost events forced.
    """

    is_in_sync: bool
    installed: int
    desired: int
    pending: int
    stale: int
    repaired: int
    failures: int
    failed_count: int
    failed: tuple[str, ...]
    last_error: str
    conflict_count: int
    conflicts: tuple[str, ...]
    waiting: int
    unreachable_next_hops: tuple[str, ...]
    learned: int
    scans: int
    resyncs: int
