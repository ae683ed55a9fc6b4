"""The host's routes kept as desired: the asyncio shell around `KernelSync`.

For: one task that reads the kernel's events, scans its tables, writes what is to be written, and tells the agent what
the host offers. Not for: any decision about a route (`kernel_sync`, `reconcile`, `resolver`).

The agent's side is synchronous: `set_...` only notes what is wanted and wakes the task. The task writes
`SLICE_KEYS_MAX` routes at a time (about 5 ms in which the event loop stands still, see `netlink`) and lets others run
between slices. Full scans are spaced so that they take a sixth of the time at most, however often they are asked for.

Structure to know: `KernelRoutesConfig`.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Final

from tortie.bgp.wire.family import IPV4_UNICAST, IPV6_UNICAST, Family
from tortie.node.desired_routes import NextHopChange
from tortie.node.errors import DumpInterrupted, NetlinkError
from tortie.node.histogram import Histogram
from tortie.node.kernel_state import KernelStatus, KernelSyncConfig, Snapshot
from tortie.node.kernel_sync import KernelSync
from tortie.node.learned import Prefix
from tortie.node.netlink import RouteSocket
from tortie.node.netlink_monitor import EVENT_DATAGRAMS_MAX, RouteMonitor
from tortie.node.resolver import Resolution
from tortie.node.route import ROUTE_PROTOCOL
from tortie.node.write_lag import WriteLag

__all__ = ["SLICE_KEYS_MAX", "KernelRoutes", "KernelRoutesConfig", "LearnedCallback", "NextHopCallback"]

SLICE_KEYS_MAX: Final = 500
SCAN_ATTEMPTS_MAX: Final = 3
SCAN_SPACING_S_MIN: Final = 0.2
SCAN_SPACING_FACTOR: Final = 5.0
"""A scan that was asked for starts no sooner than so many times the duration of the last one after its end."""

LearnedCallback = Callable[[tuple[Prefix, ...], tuple[Prefix, ...]], None]
"""Called with the prefixes newly offered and those no longer offered."""

NextHopCallback = Callable[[list[NextHopChange]], None]
"""Called with the BGP next hops whose reachability or metric changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelRoutesConfig:
    """How the host's routes are kept.

    Attributes:
        sync: table, metrics, `learn` and `direct`.
        scan_interval_s: a full scan so often, whatever the events say.
        persist: routes stay in the kernel when the agent stops.
    """

    sync: KernelSyncConfig = field(default_factory=KernelSyncConfig)
    scan_interval_s: float = 10.0
    persist: bool = True


class KernelRoutes:
    """See the module's header. Made in the network namespace that it shall keep.

    Attributes:
        write_times: from a change asked for, or found, until the kernel had acknowledged all that it led to.
    """

    def __init__(
        self,
        config: KernelRoutesConfig,
        *,
        on_learned: LearnedCallback | None = None,
        on_next_hops: NextHopCallback | None = None,
    ) -> None:
        """Open both sockets; nothing is read or written before `run`.

        Args:
            config: see there.
            on_learned: called from `run` after the first scan and on every change.
            on_next_hops: called from `run` with the first answer for each next hop of `follow_next_hops`, and when a
                next hop in use becomes reachable or unreachable, or its metric changes.
        Raises:
            OSError: no netlink in this system.
        """
        self._config = config
        self._on_learned = on_learned
        self._on_next_hops = on_next_hops
        self._sync = KernelSync(config.sync)
        self._socket = RouteSocket()
        self._monitor = RouteMonitor(ignored_port_ids=(self._socket.port_id,))
        self.write_times = Histogram()
        self._lag = WriteLag()
        self._wake = asyncio.Event()
        self._settled = asyncio.Event()
        self._scanned = asyncio.Event()
        self._has_unread_events = False
        self._is_closed = False
        self._scan_spacing_s = 0.0
        self._last_scan_at = float("-inf")

    # ------------------------------------------------------------ what is asked for

    def set_bgp_routes(self, family: Family, changes: Iterable[tuple[bytes, tuple[bytes, ...]]]) -> None:
        """Take best paths: (NLRI, BGP next hops); no next hop withdraws. Cost: about 2.5 µs a change."""
        self._sync.set_bgp_routes(family, changes)
        self._changed()

    def follow_next_hops(self, next_hops: Iterable[bytes]) -> None:
        """Take all next hops whose reachability is to be told (on_next_hops), whether a route uses them or not."""
        self._sync.follow_next_hops(next_hops)
        self._changed()

    def set_blackholes(self, prefixes: Iterable[str]) -> None:
        """Take all blackholes (own blocks).

        Raises:
            AddressTextError: not a prefix.
        """
        self._sync.set_blackholes(prefixes)
        self._changed()

    def set_workloads(self, workloads: Iterable[tuple[str, str]]) -> None:
        """Take all workload routes, (prefix, interface name); an interface may come later.

        Raises:
            AddressTextError: not a prefix.
        """
        self._sync.set_workloads(workloads)
        self._changed()

    def set_statics(self, routes: Iterable[tuple[str, str]]) -> None:
        """Take all routes to peers behind a router, (prefix, router's address).

        Raises:
            AddressTextError: not a prefix or an address.
        """
        self._sync.set_statics(routes)
        self._changed()

    def set_ignored_interfaces(self, patterns: Sequence[str]) -> None:
        """Take names and globs of interfaces whose addresses are not offered to BGP."""
        self._sync.set_ignored_interfaces(patterns)
        self._changed()

    def sweep(self) -> None:
        """Delete the routes of an earlier run that nobody asked for since; until then they stay."""
        self._sync.sweep()
        self._changed()

    def _changed(self) -> None:
        self._note_queued()
        self._settled.clear()
        self._wake.set()

    def _note_queued(self) -> None:
        if self._sync.queued_count > self._sync.taken_count:
            self._lag.note(self._sync.queued_count, asyncio.get_running_loop().time())

    # ------------------------------------------------------------ what it says

    def lag_s(self) -> float:
        """Return how long the oldest change has waited that is not written yet, seconds; 0: none waits."""
        return self._lag.seconds(asyncio.get_running_loop().time())

    def learned(self) -> frozenset[Prefix]:
        """Return the prefixes that the host offers to BGP, before any filter of pools."""
        return self._sync.learned()

    def resolution(self, next_hop: bytes) -> Resolution | None:
        """Return how a BGP next hop is reached; None: not at all, or no route uses it."""
        return self._sync.resolution(next_hop)

    def status(self) -> KernelStatus:
        """Return the state of the synchronisation."""
        return self._sync.status()

    def has_own_routes(self, family: Family) -> bool:
        """Ask the kernel whether routes of an earlier run are there; at a start, before `run`.

        Cost: one dump of our own routes. A kernel that does not answer counts as one without.
        """
        table = self._config.sync.table
        try:
            return any(list(self._socket.dump_routes(family, table=table, protocol=ROUTE_PROTOCOL)))
        except NetlinkError:
            return False

    async def wait_scanned(self) -> None:
        """Wait for the first full scan: from then on `learned` and `resolution` are true."""
        await self._scanned.wait()

    async def wait_settled(self) -> None:
        """Wait until all that was asked for so far is written or reported as failed."""
        await self._settled.wait()

    # ------------------------------------------------------------ the task

    async def run(self) -> None:
        """Keep the kernel as desired until cancelled. `close` afterwards.

        Raises:
            OSError: a socket broke.
        """
        loop = asyncio.get_running_loop()
        loop.add_reader(self._monitor.fileno(), self._note_readable)
        try:
            while True:
                self._wake.clear()
                self._read_events()
                if self._seconds_to_scan() <= 0:
                    await self._scan()
                    self._read_events()
                self._write_slice()
                self._report()
                await self._pause()
        finally:
            loop.remove_reader(self._monitor.fileno())

    def close(self, *, persist: bool | None = None) -> None:
        """Close the sockets, after removing our routes unless they shall persist (default: as configured). Once.

        Raises:
            NetlinkError: the removal was not answered; the sockets are closed nevertheless.
        """
        if self._is_closed:
            return
        self._is_closed = True
        try:
            if not (self._config.persist if persist is None else persist):
                self._socket.apply(self._sync.all_deletions())
        finally:
            self._monitor.close()
            self._socket.close()

    def _note_readable(self) -> None:
        """Wake the task, and do not be called again for the same news."""
        asyncio.get_running_loop().remove_reader(self._monitor.fileno())
        self._has_unread_events = True
        self._changed()

    def _read_events(self) -> None:
        events = self._monitor.read()
        for event in events:
            self._sync.apply(event)
        if events:
            self._note_queued()
        if len(events) >= EVENT_DATAGRAMS_MAX:
            self._wake.set()  # more may wait
        elif self._has_unread_events:
            self._has_unread_events = False
            asyncio.get_running_loop().add_reader(self._monitor.fileno(), self._note_readable)

    def _seconds_to_scan(self) -> float:
        """Return in how many seconds the next scan is due; 0 or less: now."""
        spacing_s = self._scan_spacing_s if self._sync.scan_reason else self._config.scan_interval_s
        spacing_s = max(spacing_s, self._scan_spacing_s)
        return self._last_scan_at + spacing_s - asyncio.get_running_loop().time()

    async def _scan(self) -> None:
        """Read everything; other tasks run between datagrams."""
        loop = asyncio.get_running_loop()
        started = loop.time()
        try:
            snapshot, is_whole = await self._read_snapshot()
        except NetlinkError as error:
            self._sync.scan_failed(f"scan: {error}")
        else:
            self._sync.load(snapshot)
            if not is_whole:
                self._sync.scan_failed("scan: the table changed each time it was read")
            self._scanned.set()
        self._last_scan_at = loop.time()
        self._scan_spacing_s = max(SCAN_SPACING_S_MIN, SCAN_SPACING_FACTOR * (self._last_scan_at - started))

    async def _read_snapshot(self) -> tuple[Snapshot, bool]:
        """Return what stands in the kernel, and whether it was read without interruption."""
        snapshot = Snapshot()
        for _ in range(SCAN_ATTEMPTS_MAX):
            snapshot = Snapshot()
            try:
                await self._read_into(snapshot)
            except DumpInterrupted:
                continue
            return snapshot, True
        return snapshot, False

    async def _read_into(self, snapshot: Snapshot) -> None:
        snapshot.links = self._socket.dump_links()
        snapshot.addresses = self._socket.dump_addresses()
        for family in (IPV4_UNICAST, IPV6_UNICAST):
            with closing(self._socket.dump_routes(family, table=self._config.sync.table)) as datagrams:
                for routes in datagrams:
                    snapshot.add_routes(routes)
                    await asyncio.sleep(0)

    def _write_slice(self) -> None:
        requests = self._sync.next_requests(SLICE_KEYS_MAX)
        is_answered = True
        if requests:
            try:
                failures = self._socket.apply(requests)
            except NetlinkError as error:
                is_answered = False
                self._sync.unanswered(requests, f"write: {error}")
            else:
                self._sync.applied(requests, failures)
        for seconds in self._lag.take_done(self._sync.taken_count, asyncio.get_running_loop().time()):
            if is_answered:
                self.write_times.observe(seconds)

    def _report(self) -> None:
        if self._on_learned is not None:
            added, removed = self._sync.take_learned_changes()
            if added or removed:
                self._on_learned(added, removed)
        next_hop_changes = self._sync.take_next_hop_changes()
        if next_hop_changes and self._on_next_hops is not None:
            self._on_next_hops(next_hop_changes)

    async def _pause(self) -> None:
        """Let others run; if there is nothing to do, wait for news or the next scan."""
        is_busy = self._wake.is_set() or (self._scanned.is_set() and self._sync.has_work)
        if not is_busy and not self._sync.scan_reason:
            self._settled.set()
        timeout_s = 0.0 if is_busy else max(0.0, self._seconds_to_scan())
        if timeout_s == 0.0:
            await asyncio.sleep(0)
            return
        try:
            async with asyncio.timeout(timeout_s):
                await self._wake.wait()
        except TimeoutError:
            return
