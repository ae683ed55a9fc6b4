"""Resources, planned for every speaker they name, run by real engines that are joined in memory.

For: tests that ask what a change of resources does to sessions and routes. Not for: sockets, kernels or a datastore.
Structures to know: `PlannedWorld`; `Scene`, the resources and the reflectors that run; `Sessions`, those that are up.
"""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass

from support.world import identifier, steady
from tortie.bgp.engine import Engine, PeerDown, RangeConfig, SessionOptions, SpeakerConfig, route_statuses
from tortie.bgp.policy import ACCEPT_ALL
from tortie.bgp.wire import IPV4_UNICAST, IPV6_UNICAST, prefix_to_text
from tortie.fabric import Fabric, NodeIntent, node_intent, reflector_intent
from tortie.model import Node, Resource
from tortie.node.intent_config import peer_configs, speaker_config
from tortie.sim import World

SETTLE_S = 60.0
"""Virtual time in which everything comes to rest: longer than a back-off, shorter than a restart time."""
STAGGER_S = 0.05
"""Between two agents that hear of a change: no two of them act at the same moment."""
DASH = "-"

FOREIGN_AS = 65000

Session = tuple[frozenset[str], str]
"""The two hosts, and the family of the addresses that they speak over."""


@dataclass(frozen=True)
class Scene:
    """What there is.

    Attributes:
        resources: in the datastore.
        reflectors: name → arguments of each reflector process that runs: IPv4 address, IPv6 address, add_path.
        foreign: name → address of each speaker that is not ours; it has AS 65000 and takes any peer.
    """

    resources: tuple[Resource, ...]
    reflectors: tuple[tuple[str, tuple[str | None, ...]], ...] = ()
    foreign: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Happened:
    """What a change did to sessions."""

    reset: frozenset[Session]
    ended: frozenset[Session]
    begun: frozenset[Session]


class PlannedWorld:
    """Every node, reflector and foreign speaker of a scene, converged."""

    def __init__(self, scene: Scene, *, is_reversed: bool = False) -> None:
        """Bring it up; `is_reversed`: agents hear of news in the opposite order."""
        self.world = World()
        self._is_reversed = is_reversed
        self._names: dict[str, str] = {}
        for name, address in scene.foreign:
            self._add_foreign(name, address)
        self.become(scene)

    # ------------------------------------------------------------------ doing

    def change(self, scene: Scene) -> Happened:
        """Have every agent act on other resources, and say what became of sessions."""
        before, moment = self.sessions(), self.world.now
        counted = {name: host.engine.session_end_count for name, host in self.world.hosts.items()}
        self.become(scene)
        after, down = self.sessions(), frozenset(self._downs(moment))
        assert down <= before, f"sessions that were not there before have flapped: {sorted(map(str, down - before))}"
        for name, host in self.world.hosts.items():
            ends = [each for time, each in host.log if time >= moment and isinstance(each, PeerDown)]
            assert host.engine.session_end_count - counted.get(name, 0) == len(ends), "the counter says what happened"
        return Happened(down & before & after, before - after, after - before)

    def become(self, scene: Scene) -> None:
        """Have every agent act on other resources, and wait until everything is at rest."""
        fabric = Fabric.from_resources(scene.resources)
        planned = dict(_intents(fabric, scene))
        for name in [name for name in self.world.hosts if name not in planned and name not in dict(scene.foreign)]:
            self._leave(name)
        for name in sorted(planned, reverse=self._is_reversed):
            self._take(name, planned[name])
            self.world.run(STAGGER_S)
        self.world.run(SETTLE_S)

    def _take(self, name: str, intent: NodeIntent) -> None:
        """Do what an agent does with a new intent."""
        if name not in self.world.hosts:
            is_node = intent.kind == "node"
            engine = Engine(speaker_config(intent), steady, reports_best_paths=is_node)
            self.world.add(name, engine, metric=lambda _: 1)
        engine = self.world.hosts[name].engine
        for address in (intent.address_v4, intent.address_v6):
            if address is not None and address not in self.world.hosts[name].addresses:
                self._names[address] = name
                self.world.add_address(name, address)
        engine.reconfigure(peer_configs(intent), (), self.world.now, speaker_config(intent))
        announced = {prefix_to_text(nlri, family) for family, nlri in engine.originated()}
        for prefix in sorted(announced - set(intent.originated)):
            engine.withdraw(prefix, self.world.now)
        for prefix in sorted(set(intent.originated) - announced):
            engine.originate(prefix, self.world.now)

    def _leave(self, name: str) -> None:
        self.world.hosts[name].engine.shutdown(self.world.now)
        self.world.run(STAGGER_S)
        self.world.kill(name)

    def _add_foreign(self, name: str, address: str) -> None:
        engine = Engine(SpeakerConfig(local_as=FOREIGN_AS, router_id=identifier(address)), steady)
        options = SessionOptions(
            local_as=FOREIGN_AS,
            peer_as=0,
            families=(IPV4_UNICAST, IPV6_UNICAST),
            passive=True,
            import_filter=ACCEPT_ALL,
            export_filter=ACCEPT_ALL,
        )
        engine.reconfigure((), (RangeConfig(prefix="0.0.0.0/0", options=options),), self.world.now)
        engine.originate("203.0.113.0/24", self.world.now)
        self.world.add(name, engine, address)
        self._names[address] = name

    # ------------------------------------------------------------------ asking

    def sessions(self) -> frozenset[Session]:
        """Return what is established, as seen by both ends."""
        ends: dict[Session, set[str]] = {}
        for name, host in self.world.hosts.items():
            for key, each in host.engine.peers.items():
                if each.source is not None:
                    ends.setdefault(self._session(name, key.remote_address), set()).add(name)
        assert all(session[0] == seen for session, seen in ends.items()), "both ends of each session are up"
        return frozenset(ends)

    def _session(self, name: str, remote_address: str) -> Session:
        family = "IPv6" if ":" in remote_address else "IPv4"
        return frozenset((name, self._names[remote_address])), family

    def _downs(self, since: float) -> Iterator[Session]:
        for name, host in self.world.hosts.items():
            for time, output in host.log:
                if time >= since and isinstance(output, PeerDown):
                    yield self._session(name, output.peer.remote_address)

    def ribs(self) -> dict[str, list[dict[str, object]]]:
        """Return all that every speaker knows, rejected paths too, but for path identifiers, a matter of chance."""
        return {name: list(_paths(host.engine)) for name, host in sorted(self.world.hosts.items())}


def _paths(engine: Engine) -> Iterator[dict[str, object]]:
    found = [asdict(each) | {"path_id": 0} for family in (IPV4_UNICAST, IPV6_UNICAST)
             for each in route_statuses(engine, family)]  # fmt: skip
    yield from sorted(found, key=str)


def _intents(fabric: Fabric, scene: Scene) -> Iterator[tuple[str, NodeIntent]]:
    for resource in scene.resources:
        if isinstance(resource, Node):
            yield resource.name, node_intent(fabric, resource.name)
    for name, addresses in scene.reflectors:
        ip4, *more = addresses
        assert ip4 is not None, "a reflector has an IPv4 address"
        yield name, reflector_intent(fabric, ip4, *more)


def names(sessions: Iterable[Session]) -> str:
    """Return sessions as the documents write them, the two names with a dash between; a dash alone for none."""
    texts = sorted(DASH.join(sorted(hosts)) + (" (IPv6)" if family == "IPv6" else "") for hosts, family in sessions)
    return ", ".join(texts) or DASH
