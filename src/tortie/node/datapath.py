"""The data path of a node: what BGP chose goes to the kernel, what the host offers goes to BGP.

For: joining one `Engine` and one `KernelRoutes`. Not for: deciding how a route is written (kernel_sync) or what
may be announced to whom (export filters of the intent).
RFC sections: 4724 §3 (the forwarding state was preserved), §4.1 (nothing is swept before everybody's End-of-RIB or the
deferral timer).
Structures to know: `Datapath`. A reflector has none.
"""

import asyncio
from collections.abc import Callable, Iterable
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Final

from tortie.bgp.engine import BestPathsChanged, EndOfRIBReceived, Engine, NextHopsWanted, PeerKey
from tortie.bgp.rib import Path, SourceKind
from tortie.bgp.wire import IPV4_UNICAST, IPV6_UNICAST, Family
from tortie.fabric import NodeIntent
from tortie.node.desired_routes import NextHopChange
from tortie.node.histogram import Histogram
from tortie.node.kernel_routes import KernelRoutes, KernelRoutesConfig
from tortie.node.kernel_state import KernelStatus
from tortie.node.learned import Prefix

__all__ = ["DEFERRAL_S", "Datapath"]

DEFERRAL_S: Final = 120.0
"""Routes of an earlier run are kept for so long when a peer does not come back or sends no End-of-RIB.

Longer than the engine defers its choice after a restart: by then what is still wanted has been asked for.
"""

FAMILIES: Final = (IPV4_UNICAST, IPV6_UNICAST)


class Datapath:
    """Kernel routes of one node.

    Args:
        engine: whose best paths are written.
        originate: takes what this host announces, as prefix texts; the whole set each time.
        wake: has the speaker carry out what a change to the engine leads to.
    """

    def __init__(self, engine: Engine, originate: Callable[[set[str]], None], wake: Callable[[], None]) -> None:
        """Open the kernel's sockets; nothing is written before `run`. Raises OSError."""
        self._engine = engine
        self._originate = originate
        self._wake = wake
        self._kernel = KernelRoutes(KernelRoutesConfig(), on_learned=self._on_learned, on_next_hops=self._on_next_hops)
        self._awaited: set[tuple[PeerKey, Family]] | None = None
        self._seen: set[tuple[PeerKey, Family]] = set()
        self._deferral: asyncio.TimerHandle | None = None
        self._own: frozenset[str] = frozenset()
        self._pools: tuple[IPv4Network | IPv6Network, ...] = ()
        self._unanswered: set[bytes] = set()
        self._followed: set[bytes] = set()
        self.is_swept = False
        engine.forwarding_preserved(family for family in FAMILIES if self._kernel.has_own_routes(family))

    def apply(self, intent: NodeIntent, peers: Iterable[tuple[PeerKey, tuple[Family, ...]]]) -> None:
        """Take an intent: routes of our own, what is originated, whose End-of-RIB is waited for."""
        self._kernel.set_blackholes(intent.blackholes)
        self._kernel.set_workloads((each.prefix, each.interface) for each in intent.workloads)
        self._kernel.set_statics((each.prefix, each.via) for each in intent.static_routes)
        self._kernel.set_ignored_interfaces(intent.ignored_interfaces)
        self._own = frozenset(intent.originated)
        self._pools = tuple(ip_network(pool.cidr) for pool in intent.pools if not pool.disabled)
        self._offer()
        if not self.is_swept:
            self._awaited = {(key, family) for key, families in peers for family in families} - self._seen
            if self._deferral is None:
                self._deferral = asyncio.get_running_loop().call_later(DEFERRAL_S, self._sweep)
            self._sweep_if_complete()

    def write(self, event: BestPathsChanged) -> None:
        """Hand best paths to the kernel: learned ones with their next hop, own and lost ones as withdrawn."""
        self._kernel.set_bgp_routes(event.family, [(nlri, _next_hops(paths)) for nlri, paths in event.changes])

    def follow(self, event: NextHopsWanted) -> None:
        """Watch in the kernel how these next hops are reached."""
        wanted = set(event.next_hops)
        self._unanswered = (self._unanswered & wanted) | (wanted - self._followed)
        self._followed = wanted
        self._kernel.follow_next_hops(event.next_hops)

    def _on_next_hops(self, changes: list[NextHopChange]) -> None:
        now = asyncio.get_running_loop().time()
        for next_hop, resolution in changes:
            metric = None if resolution is None else resolution.metric
            self._engine.next_hop_changed(next_hop, now, metric=metric)
            self._unanswered.discard(next_hop)
        self._wake()
        self._sweep_soon()

    def note_end_of_rib(self, event: EndOfRIBReceived) -> None:
        """A peer has sent all it had."""
        self._seen.add((event.peer, event.family))
        if self._awaited is not None and not self.is_swept:
            self._awaited.discard((event.peer, event.family))
            self._sweep_soon()

    def status(self) -> KernelStatus:
        """Return the state of the kernel's synchronisation."""
        return self._kernel.status()

    def lag_s(self) -> float:
        """Return how long the oldest change has waited that is not in the kernel yet, seconds."""
        return self._kernel.lag_s()

    @property
    def write_times(self) -> Histogram:
        """From a change until the kernel had acknowledged all that it led to."""
        return self._kernel.write_times

    async def run(self) -> None:
        """Keep the kernel as desired until cancelled."""
        await self._kernel.run()

    def close(self) -> None:
        """Close the sockets; the routes stay (persist)."""
        if self._deferral is not None:
            self._deferral.cancel()
        self._kernel.close()

    def _sweep_soon(self) -> None:
        """Look whether all is there once the engine has said what follows from what it was just told."""
        if not self.is_swept:
            asyncio.get_running_loop().call_soon(self._sweep_if_complete)

    def _sweep_if_complete(self) -> None:
        """Sweep when everybody has sent all, and the kernel has said how each next hop is reached."""
        if self._awaited is not None and not self._awaited and not self._unanswered and not self.is_swept:
            self._sweep()

    def _sweep(self) -> None:
        if self._deferral is not None:
            self._deferral.cancel()
        self.is_swept = True
        self._kernel.sweep()
        self._engine.forwarding_preserved(FAMILIES)

    def _on_learned(self, _added: tuple[Prefix, ...], _removed: tuple[Prefix, ...]) -> None:
        self._offer()

    def _offer(self) -> None:
        """Announce our own prefixes and what the host offers inside the pools."""
        learned = {text for prefix in self._kernel.learned() if self._is_in_pools(text := prefix.text)}
        self._originate(set(self._own | learned))

    def _is_in_pools(self, prefix: str) -> bool:
        network = ip_network(prefix)
        return any(network.version == pool.version and network.subnet_of(pool) for pool in self._pools)  # type: ignore[arg-type]  # same version


def _next_hops(paths: tuple[Path, ...]) -> tuple[bytes, ...]:
    if not paths or paths[0].source.kind is SourceKind.LOCAL:
        return ()
    return tuple(path.attributes.next_hop for path in paths)
