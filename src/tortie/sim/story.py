"""Stories: a network, a random hand that meddles with it, rest, and a look at what has become of it.

For: finding defects that need an unlucky order of events. Everything comes from one seed, so a failing seed is a bug
report. Not for: judging (`checks.py`), joining engines (`world.py`).
RFC sections: none of its own; 4724 (restarts) decides how long rest must be.
Structures to know: `Story`; `tell` runs one and returns what was done and what is wrong.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Final

from tortie.bgp.engine import AddPathMode, Engine, PeerConfig, RangeConfig, SessionOptions, SpeakerConfig
from tortie.bgp.engine.restart import SELECTION_DEFERRAL_S
from tortie.bgp.wire import address_from_text
from tortie.sim.checks import Settled, problems
from tortie.sim.oracle import Announcement
from tortie.sim.shape import NODES_RANGES, SHAPES, Peering, Shape
from tortie.sim.world import World

__all__ = ["SHAPES_OF_SEEDS", "STEP_COUNT", "Ending", "Story", "tell"]

STEP_COUNT: Final = 40
"""Meddlings in a story."""

SHAPES_OF_SEEDS: Final = ("mesh", "one-reflector", "two-reflectors", "two-clusters", "racks", "hierarchy")
"""Shapes among which a seed chooses; the large ones are asked for by name."""

LOCAL_AS: Final = 64512
SETTLED_S: Final = SELECTION_DEFERRAL_S + 30.0
"""No timer that belongs to a fault runs longer."""

WHOLE_S: Final = 300.0
"""By then every session is up again, whatever hold and idle hold times had to pass."""

LARGE_COUNT: Final = 100
"""A network of more speakers is not restarted and not reconfigured: each of these concerns all of it."""

SHARED_PREFIXES: Final = tuple(f"172.16.{index}.0/24" for index in range(4))
PAUSES_S: Final = (0.0, 0.0005, 0.01, 1.0, 7.0)
DELAYS_S: Final = (0.0001, 0.001, 0.02, 0.3)
READING_BYTES_PER_S: Final = (200.0, 2000.0)


@dataclass(frozen=True, slots=True)
class Ending:
    """How a story went.

    Attributes:
        seed: of the story.
        shape: its name.
        steps: what was done, each with its time.
        problems: what is wrong at the end; empty when all is well.
        trace: every session that went up or down, with its time: the same for the same seed.
    """

    seed: int
    shape: str
    steps: tuple[str, ...]
    problems: tuple[str, ...]
    trace: tuple[str, ...]


@dataclass
class Speaker:
    """How one speaker is meant to be; its engine is made of this, again after each restart.

    Attributes:
        announced: prefix → how it is announced.
        cluster_id: of a reflector.
        passive: it waits for its clients.
        has_range: it takes its clients from a range, none is named.
        hold_time_s: it offers.
    """

    announced: dict[str, Announcement] = field(default_factory=dict)
    cluster_id: str | None = None
    passive: bool = False
    has_range: bool = False
    hold_time_s: int = 90


class Story:
    """One world and the hand that meddles with it; `meddle` as often as wished, then `settle`."""

    def __init__(self, seed: int, shape_name: str | None = None) -> None:
        """Build the network that the seed means, all speakers started, nothing established yet.

        Args:
            seed: of everything random.
            shape_name: key of `SHAPES`; None = the seed chooses among `SHAPES_OF_SEEDS`.
        """
        self.random = Random(seed)
        self.world = World()
        name = shape_name or self.random.choice(SHAPES_OF_SEEDS)
        self.shape: Shape = SHAPES[name](self.random)
        self.steps: list[str] = []
        self._add_path = self.random.choice([AddPathMode.OFF, AddPathMode.OFF, AddPathMode.BOTH])
        self._restart_time_s = self.random.choice([0, 20, 120])
        self._extra: list[Peering] = []
        self._demoted: list[Peering] = []
        self._cuts: list[tuple[str, str]] = []
        self._slow: list[str] = []
        self._lives: list[tuple[float, str, object]] = []
        self._speakers = {address: self._planned(address, index) for index, address in enumerate(self.shape.speakers)}
        self._links_have_delays()
        for address in self.shape.speakers:
            self._start(address)

    def _planned(self, address: str, index: int) -> Speaker:
        cluster_id = self.shape.reflectors.get(address)
        if cluster_id is None:
            return Speaker({f"10.{index // 200}.{index % 200}.0/24": Announcement()})
        clients = {peering.other for peering in self.shape.peerings if peering.is_client and peering.one == address}
        has_range = clients <= set(self.shape.nodes) and self.random.choice([False, True])
        return Speaker(cluster_id=cluster_id, passive=self.random.choice([False, True]), has_range=has_range)

    def _links_have_delays(self) -> None:
        for peering in self.shape.peerings:
            self.world.set_delay(peering.one, peering.other, self.random.choice(DELAYS_S))

    # ------------------------------------------------------------------ configuration

    def _peers(self, address: str) -> tuple[PeerConfig, ...]:
        found: dict[str, PeerConfig] = {}
        for peering in (*self.shape.peerings, *self._extra):
            is_client = peering.is_client and peering.one == address
            if address in (peering.one, peering.other) and not (is_client and self._speakers[address].has_range):
                far_end = peering.far_end(address)
                is_client_now = is_client and peering not in self._demoted
                options = self._options(self._speakers[address], is_client=is_client_now)
                config = PeerConfig(remote_address=far_end, local_address=address, options=options)
                found.setdefault(far_end, config)
        return tuple(found.values())

    def _ranges(self, address: str) -> tuple[RangeConfig, ...]:
        speaker = self._speakers[address]
        return tuple(RangeConfig(prefix=prefix, options=self._options(speaker, is_client=True))
                     for prefix in NODES_RANGES if speaker.has_range)  # fmt: skip

    def _options(self, speaker: Speaker, *, is_client: bool) -> SessionOptions:
        return SessionOptions(
            local_as=LOCAL_AS,
            peer_as=LOCAL_AS,
            is_client=is_client,
            passive=is_client and speaker.passive,
            hold_time_s=speaker.hold_time_s,
            restart_time_s=self._restart_time_s,
            add_path=self._add_path,
        )

    def _config(self, address: str) -> SpeakerConfig:
        cluster_id = self._speakers[address].cluster_id
        return SpeakerConfig(
            local_as=LOCAL_AS,
            router_id=_identifier(address),
            cluster_id=None if cluster_id is None else _identifier(cluster_id),
        )

    def _start(self, address: str, *, is_restarting: bool = False) -> None:
        engine = Engine(self._config(address), lambda: 1.0, is_restarting=is_restarting)
        self.world.add(address, engine, address)
        engine.reconfigure(self._peers(address), self._ranges(address), self.world.now)
        for prefix, announcement in self._speakers[address].announced.items():
            self._announce(engine, prefix, announcement)

    def _announce(self, engine: Engine, prefix: str, announcement: Announcement) -> None:
        engine.originate(prefix, self.world.now, local_pref=announcement.local_pref, med=announcement.med)

    def _reconfigure(self, *addresses: str) -> None:
        for address in addresses:
            if address in self.world.hosts:
                engine = self.world.hosts[address].engine
                peers, ranges = self._peers(address), self._ranges(address)
                engine.reconfigure(peers, ranges, self.world.now, self._config(address))

    # ------------------------------------------------------------------ meddling

    def meddle(self) -> None:
        """Do one random thing, then let some time pass."""
        self._did(self.random.choice(self._choices())())
        self.world.run(self.random.choice(PAUSES_S))

    def _choices(self) -> list[Callable[[], str]]:
        choices = [self._originate, self._originate, self._withdraw, self._cut, self._mend]
        choices += [self._freeze, self._slow_down, self._change_delay]
        if len(self.shape.speakers) <= LARGE_COUNT:
            choices += [self._restart, self._restart, self._change_cluster_id, self._change_cluster_id]
            choices += [self._change_hold_time, self._change_client]
            choices += [self._add_mesh_session, self._drop_mesh_sessions]
        return choices

    def _did(self, what: str) -> None:
        self.steps.append(f"{self.world.now:10.4f} s  {what}")

    def _node(self) -> str:
        return self.random.choice(self.shape.nodes)

    def _originate(self) -> str:
        node, prefix = self._node(), self.random.choice(SHARED_PREFIXES)
        announcement = Announcement(self.random.choice([None, None, 50, 200]), self.random.choice([None, None, 5]))
        self._speakers[node].announced[prefix] = announcement
        self._announce(self.world.hosts[node].engine, prefix, announcement)
        return f"{node} announces {prefix} with LOCAL_PREF {announcement.local_pref}, MED {announcement.med}"

    def _withdraw(self) -> str:
        node, prefix = self._node(), self.random.choice(SHARED_PREFIXES)
        self._speakers[node].announced.pop(prefix, None)
        self.world.hosts[node].engine.withdraw(prefix, self.world.now)
        return f"{node} withdraws {prefix}"

    def _cut(self) -> str:
        peering = self.random.choice(self.shape.peerings)
        self._cuts.append((peering.one, peering.other))
        self.world.cut(peering.one, peering.other)
        return f"the link {peering.one} - {peering.other} breaks"

    def _mend(self) -> str:
        for one, other in self._cuts:
            self.world.mend(one, other)
        self._cuts.clear()
        return "all links are mended"

    def _freeze(self) -> str:
        """A peer that does not read for a while; its group goes on without it."""
        name = self.random.choice(self.shape.speakers)
        host = self.world.hosts[name]
        host.is_frozen = True
        self._did(f"{name} stops reading")
        self._did(self._originate())
        self.world.run(3.0)
        self._did(self._withdraw())
        self.world.run(self.random.choice(PAUSES_S))
        host.is_frozen = False
        return f"{name} reads again"

    def _slow_down(self) -> str:
        name, rate = self.random.choice(self.shape.speakers), self.random.choice(READING_BYTES_PER_S)
        self.world.hosts[name].reads_bytes_per_s = rate
        self._slow.append(name)
        return f"{name} reads {rate:.0f} octets a second"

    def _change_delay(self) -> str:
        peering, delay_s = self.random.choice(self.shape.peerings), self.random.choice(DELAYS_S)
        self.world.set_delay(peering.one, peering.other, delay_s)
        return f"the link {peering.one} - {peering.other} takes {delay_s * 1000:g} ms"

    def _restart(self) -> str:
        """A speaker dies and comes back as another process, which may know that it has restarted."""
        name = self.random.choice(self.shape.speakers)
        take_away, how = self.random.choice([(self.world.kill, "dies"), (self.world.vanish, "loses power")])
        self._lives += [(when, name, output) for when, output in take_away(name).log]
        self._did(f"{name} {how}")
        self.world.run(self.random.choice([0.0, 2.0, 30.0]))
        is_restarting = self.random.choice([False, True])
        self._start(name, is_restarting=is_restarting)
        return f"{name} starts again{' and knows that it ran before' if is_restarting else ''}"

    def _change_cluster_id(self) -> str:
        if not self.shape.reflectors:
            return self._originate()
        name = self.random.choice(list(self.shape.reflectors))
        former = self.shape.reflectors[name]
        of_cluster = [other for other, cluster_id in self.shape.reflectors.items() if cluster_id == former]
        cluster_id = self.random.choice([former, f"7.7.{_identifier(former) % 256}.{_identifier(former) >> 24}"])
        changing = self.random.choice([[name], of_cluster])
        for reflector in changing:
            self._speakers[reflector].cluster_id = cluster_id
        self._reconfigure(*changing)
        return f"{', '.join(changing)}: the cluster id is {cluster_id}"

    def _change_client(self) -> str:
        """A reflector takes a client for an ordinary peer for a while: it moves to another update group."""
        named = [each for each in self.shape.peerings if each.is_client and not self._speakers[each.one].has_range]
        if not named:
            return self._withdraw()
        peering = self.random.choice(named)
        is_client = peering in self._demoted
        (self._demoted.remove if is_client else self._demoted.append)(peering)
        self._reconfigure(peering.one)
        return f"{peering.other} is {'a client' if is_client else 'no client'} of {peering.one}"

    def _restore_clients(self) -> str:
        concerned = sorted({peering.one for peering in self._demoted})
        self._demoted.clear()
        self._reconfigure(*concerned)
        return "clients are clients again"

    def _change_hold_time(self) -> str:
        """An option that is bound to OPEN: the sessions of this speaker are reset."""
        name = self.random.choice(self.shape.speakers)
        self._speakers[name].hold_time_s = self.random.choice([9, 30, 90])
        self._reconfigure(name)
        return f"{name} offers {self._speakers[name].hold_time_s} s as hold time"

    def _add_mesh_session(self) -> str:
        """As when a mesh is turned on beside reflection."""
        one, other = self.random.sample(self.shape.nodes, 2)
        self._extra.append(Peering(one, other))
        self._reconfigure(one, other)
        return f"{one} and {other} peer directly"

    def _drop_mesh_sessions(self) -> str:
        concerned = sorted({end for peering in self._extra for end in (peering.one, peering.other)})
        self._extra.clear()
        self._reconfigure(*concerned)
        return "nodes peer as the shape says, and no more"

    # ------------------------------------------------------------------ rest

    def settle(self) -> Settled:
        """End all faults, wait until everything has come to rest, and return it."""
        self._did(self._mend())
        self._did(self._drop_mesh_sessions())
        self._did(self._restore_clients())
        for name in self._slow:
            if name in self.world.hosts:
                self.world.hosts[name].reads_bytes_per_s = None
        self._did("everybody reads as fast as it can; rest")
        deadline = self.world.now + WHOLE_S
        while not self._is_whole() and self.world.now < deadline:
            self.world.run(1.0)
        self.world.run(SETTLED_S)
        announced = {name: dict(speaker.announced) for name, speaker in self._speakers.items()}
        cluster_ids = {name: self._speakers[name].cluster_id or name for name in self.shape.reflectors}
        return Settled(self.world, self.shape, announced, cluster_ids)

    def _is_whole(self) -> bool:
        engines = {name: host.engine for name, host in self.world.hosts.items()}
        return all(peer.source is not None for engine in engines.values() for peer in engine.peers.values())

    def trace(self) -> tuple[str, ...]:
        """Return what every speaker reported, in order of time, dead ones included."""
        told = [(when, host.name, output) for host in self.world.hosts.values() for when, output in host.log]
        lines = [
            (when, name, f"{type(output).__name__} {_peer_of(output)}") for when, name, output in told + self._lives
        ]
        return tuple(f"{when:10.4f} s  {name} {text}" for when, name, text in sorted(lines))


def tell(seed: int, shape_name: str | None = None, step_count: int = STEP_COUNT) -> Ending:
    """Run one story to its end."""
    story = Story(seed, shape_name)
    for _ in range(step_count):
        story.meddle()
    found = problems(story.settle())
    return Ending(seed, story.shape.name, tuple(story.steps), tuple(found), story.trace())


def _peer_of(output: object) -> str:
    return str(getattr(output, "peer", ""))


def _identifier(address: str) -> int:
    return int.from_bytes(address_from_text(address), "big")
