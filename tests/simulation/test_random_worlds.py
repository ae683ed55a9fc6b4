"""Random worlds: speakers, faults, then none: the world must converge to what a full mesh would know.

The oracle is three lines of set arithmetic over what each speaker originates; it knows nothing of BGP. A failing
seed is printed by its parameter, and the same seed gives the same world.
"""

from random import Random
from typing import Any

import pytest

from support.world import add_speaker, best, client_range, established, mesh, own_prefix, peer
from tortie.bgp.engine import AddPathMode, Engine, SpeakerConfig
from tortie.bgp.engine.restart import SELECTION_DEFERRAL_S
from tortie.bgp.rib import UpdateGroup
from tortie.bgp.watch import RecordedEngine, Recording, Replay
from tortie.bgp.wire import IPV4_UNICAST
from tortie.sim import World

SEEDS = range(30)
NODES = [f"192.0.2.{index}" for index in range(1, 7)]
REFLECTORS = ["192.0.2.101", "192.0.2.102"]
SHARED = [f"172.16.{index}.0/24" for index in range(4)]
STEPS = 40
SETTLED_S = SELECTION_DEFERRAL_S + 30.0


class Story:
    """One world, what each speaker originates, and a random hand that meddles."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.world = World()
        self.is_mesh = self.random.random() < 0.3
        self.add_path = self.random.choice([AddPathMode.OFF, AddPathMode.BOTH])
        self.restart_time_s = self.random.choice([0, 20, 120])
        self.session = {"add_path": self.add_path, "restart_time_s": self.restart_time_s}
        self.originated = {node: {own_prefix(node)} for node in NODES}
        self.cuts: set[tuple[str, str]] = set()
        if self.is_mesh:
            mesh(self.world, NODES, **self.session)
        else:
            self._reflection(self.random.choice([1, 2]))

    def _reflection(self, reflector_count: int) -> None:
        self.reflectors = REFLECTORS[:reflector_count]
        for reflector in self.reflectors:
            self._add_reflector(reflector)
        for node in NODES:
            self._add_client(node)

    def _add_reflector(self, address: str, *, is_restarting: bool = False) -> None:
        """With ranges, so that it is not told who its clients are: a restart waits for the timer."""
        others = [peer(address, other, **self.session) for other in self.reflectors if other != address]
        ranges = [client_range("192.0.2.0/27", **self.session)]
        add_speaker(self.world, address, others, ranges=ranges, cluster_id="1.0.0.1", is_restarting=is_restarting)

    def _add_client(self, node: str, *, is_restarting: bool = False) -> None:
        peers = [peer(node, reflector, **self.session) for reflector in self.reflectors]
        prefixes = sorted(self.originated[node])
        add_speaker(self.world, node, peers, prefixes=prefixes, is_restarting=is_restarting)

    def engine(self, name: str) -> Engine:
        return self.world.hosts[name].engine

    def meddle(self) -> None:
        action = self.random.choice([self.originate, self.withdraw, self.cut, self.mend, self.freeze, self.restart])
        action()
        self.world.run(self.random.choice([0.0, 0.0005, 0.01, 1.0, 7.0]))

    def originate(self) -> None:
        node, prefix = self.random.choice(NODES), self.random.choice(SHARED)
        self.originated[node].add(prefix)
        self.engine(node).originate(prefix, self.world.now)

    def withdraw(self) -> None:
        node, prefix = self.random.choice(NODES), self.random.choice(SHARED)
        self.originated[node].discard(prefix)
        self.engine(node).withdraw(prefix, self.world.now)

    def cut(self) -> None:
        one, other = self.random.sample(list(self.world.hosts), 2)
        self.cuts.add((one, other))
        self.world.cut(one, other)

    def mend(self) -> None:
        for one, other in self.cuts:
            self.world.mend(one, other)
        self.cuts.clear()

    def freeze(self) -> None:
        """A peer that does not read for a while; its group goes on without it."""
        host = self.world.hosts[self.random.choice(NODES)]
        host.is_frozen = True
        self.originate()
        self.world.run(3.0)
        self.withdraw()
        host.is_frozen = False

    def restart(self) -> None:
        """A client or a reflector dies and comes back as another process, which may know that it has restarted."""
        if self.is_mesh:
            return
        name = self.random.choice([*NODES, *NODES, *self.reflectors])
        take_away = self.random.choice([self.world.kill, self.world.vanish])
        take_away(name)
        self.world.run(self.random.choice([0.0, 2.0, 30.0]))
        add = self._add_client if name in NODES else self._add_reflector
        add(name, is_restarting=self.random.random() < 0.5)

    def oracle(self, node: str) -> dict[str, set[str]]:
        """Prefix → speakers that originate it, for what `node` does not originate itself."""
        known: dict[str, set[str]] = {}
        for other, prefixes in self.originated.items():
            for prefix in prefixes - self.originated[node]:
                known.setdefault(prefix, set()).add(other)
        return known


@pytest.mark.parametrize("seed", SEEDS)
def test_after_faults_every_speaker_knows_what_a_full_mesh_would(seed: int) -> None:
    story = Story(seed)
    for _ in range(STEPS):
        story.meddle()
    story.mend()
    peer_count = len(NODES) - 1 if story.is_mesh else len(story.reflectors)
    story.world.wait_for(lambda: all(len(established(story.engine(node))) == peer_count for node in NODES))
    story.world.run(SETTLED_S)
    for node in NODES:
        engine, expected = story.engine(node), story.oracle(node)
        learned = best(engine)
        assert set(learned) == set(expected)
        for prefix, route in learned.items():
            assert route.next_hop in expected[prefix], f"{node} sends {prefix} to {route.next_hop}"
    for host in story.world.hosts.values():
        check_paths(host.engine)
        check_groups(story.world, host.engine)
        assert host.engine.deferred_families == ()
        assert not any(adj_rib_in.stale for adj_rib_in in host.engine.rib.adj_rib_ins.values())


def check_paths(engine: Engine) -> None:
    """No path with our own ORIGINATOR_ID or cluster id takes part in a decision."""
    for decision in engine.rib.loc_rib(IPV4_UNICAST).decisions.values():
        for candidate in decision.candidates:
            assert candidate.attributes.originator_id != engine.rib.router_id
            assert engine.rib.cluster_id not in candidate.attributes.cluster_list


def check_groups(world: World, engine: Engine) -> None:
    """What a group believes its member holds is what that peer has in its Adj-RIB-In."""
    own_address = next(host.addresses[0] for host in world.hosts.values() if host.engine is engine)
    for group in engine.rib.groups.values():
        for source, member in group.members.items():
            assert member.cursor == group.version
            far = world.hosts[source.name].engine
            believed = set(group.held_by(member))
            assert believed == received_from(far, own_address), f"{own_address} about {source.name}"
        check_log(group)


def received_from(engine: Engine, address: str) -> set[bytes]:
    return {
        nlri
        for (source, _), adj_rib_in in engine.rib.adj_rib_ins.items()
        if source.name == address
        for nlri in adj_rib_in.paths
    }


def check_log(group: UpdateGroup) -> None:
    assert sum(slot is not None for slot in group.log) == len(group.entries)


def test_the_same_seed_gives_the_same_story() -> None:
    def told(seed: int) -> list[str]:
        story = Story(seed)
        for _ in range(STEPS):
            story.meddle()
        return [
            f"{when:.6f} {host.name} {type(output).__name__}"
            for host in story.world.hosts.values()
            for when, output in host.log
        ]

    assert told(5) == told(5)


@pytest.mark.parametrize("seed", [*range(2), *(pytest.param(seed, marks=pytest.mark.all) for seed in range(2, 30))])
def test_every_speaker_of_a_random_world_replays(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Recorded, each of them gives the same bytes again, with timers that are spread."""
    recordings: list[list[bytes]] = []
    jitter = Random(seed)

    def make(config: SpeakerConfig, _steady: object, **changes: Any) -> Engine:  # noqa: ANN401 - Engine's own
        lines: list[bytes] = []
        recordings.append(lines)
        recording = Recording(lines.append)
        return RecordedEngine(recording, config, lambda: jitter.uniform(0.75, 1.0), version="test", **changes)

    monkeypatch.setattr("support.world.Engine", make)
    story = Story(seed)
    for _ in range(STEPS):
        story.meddle()
    assert recordings
    for lines in recordings:
        replay = Replay(lines)
        replay.run()
        assert (replay.difference, replay.defect, replay.input_count) == ("", None, len(lines) - 1)
