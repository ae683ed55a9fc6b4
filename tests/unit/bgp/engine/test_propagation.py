"""From an input until everybody has been told, in simulated time; and each step of a session, for who asks."""

from support.world import add_speaker, best, client_range, established, own_prefix, peer
from tortie.bgp.engine import Engine, Observer, PeerKey
from tortie.sim import World

REFLECTOR = "192.0.2.100"
NODES = [f"192.0.2.{index}" for index in range(1, 5)]
DELAY_S = 0.5


class Watched:
    """A reflector with clients by range, and what it tells its observer."""

    def __init__(self) -> None:
        self.world = World(delay_s=DELAY_S)
        self.seconds: list[float] = []
        self.steps: list[tuple[PeerKey, str]] = []
        observer = Observer(propagated=self.seconds.append, session_event=lambda *step: self.steps.append(step))
        ranges = [client_range("192.0.2.0/24", restart_time_s=0)]
        self.reflector = add_speaker(self.world, REFLECTOR, ranges=ranges, cluster_id="1.0.0.1", observer=observer)
        self.clients = {node: self.add(node) for node in NODES}
        self.world.wait_for(lambda: all(len(best(each)) == len(NODES) - 1 for each in self.clients.values()))
        self.world.run(5)
        self.seconds.clear()

    def add(self, node: str) -> Engine:
        neighbour = peer(node, REFLECTOR, restart_time_s=0)
        return add_speaker(self.world, node, [neighbour], prefixes=[own_prefix(node)])

    def originate(self, prefix: str) -> None:
        self.clients[NODES[0]].originate(prefix, self.world.now)

    def told(self, prefix: str) -> list[str]:
        return [node for node in NODES[1:] if prefix in best(self.clients[node])]


def test_a_change_takes_until_the_last_member_has_been_sent_it() -> None:
    watched = Watched()
    watched.originate("10.99.0.0/16")
    watched.world.run(5)
    assert watched.told("10.99.0.0/16") == NODES[1:]
    assert watched.seconds == [DELAY_S], "the one group of all clients, one batch"


def test_members_that_are_not_sent_anything_are_not_waited_for() -> None:
    """The source itself is sent nothing: no SendBytes, no drained."""
    watched = Watched()
    for node in NODES[1:]:
        watched.world.kill(node)
    watched.world.run(5)
    watched.seconds.clear()
    watched.originate("10.99.0.0/16")
    watched.world.run(5)
    assert watched.seconds == [0.0]


def test_who_does_not_read_is_waited_for_and_changes_meanwhile_are_part_of_no_sample() -> None:
    watched = Watched()
    watched.world.vanish(NODES[3])
    watched.originate("10.98.0.0/16")
    watched.world.run(5)
    watched.originate("10.99.0.0/16")
    watched.world.run(5)
    assert watched.told("10.99.0.0/16") == NODES[1:3]
    assert watched.seconds == []
    watched.world.wait_for(lambda: len(established(watched.reflector)) == len(NODES) - 1)  # its hold timer
    assert len(watched.seconds) == 1
    assert watched.seconds[0] > 10, "until its session had ended"
    watched.world.run(5)
    assert watched.seconds[1:] == [DELAY_S], "the withdrawal, dated from the timer that ended the session"


def test_a_lost_connection_and_a_route_of_our_own_are_inputs() -> None:
    watched = Watched()
    watched.world.kill(NODES[3])
    watched.world.run(5)
    watched.reflector.originate("10.99.0.0/16", watched.world.now)
    watched.world.run(5)
    watched.reflector.withdraw("10.99.0.0/16", watched.world.now)
    watched.world.run(5)
    assert watched.seconds == [DELAY_S] * 3


def test_a_client_that_leaves_its_group_by_configuration_ends_the_sample() -> None:
    watched = Watched()
    watched.originate("10.99.0.0/16")
    watched.world.run(DELAY_S * 1.5)  # at the reflector, not yet at the others
    ranges = [client_range("192.0.2.0/24", restart_time_s=0, is_client=False)]
    watched.reflector.reconfigure([], ranges, watched.world.now)
    watched.world.run(5)
    watched.seconds.clear()
    watched.reflector.reconfigure([], [client_range("192.0.2.0/24", restart_time_s=0)], watched.world.now)
    watched.world.run(5)
    watched.seconds.clear()
    watched.originate("10.98.0.0/16")
    watched.world.run(5)
    assert watched.seconds == [DELAY_S], "samples go on"


def test_the_groups_versions_may_be_renumbered() -> None:
    watched = Watched()
    for number in range(3000):
        watched.originate(f"10.{100 + number // 200}.{number % 200}.0/24")
    watched.world.run(5)
    for number in range(2990):
        watched.clients[NODES[0]].withdraw(f"10.{100 + number // 200}.{number % 200}.0/24", watched.world.now)
    watched.world.run(10)
    [group] = watched.reflector.rib.groups.values()
    assert group.base > 0, "it was compacted"
    watched.seconds.clear()
    watched.originate("10.99.0.0/16")
    watched.world.run(5)
    assert watched.seconds == [DELAY_S]


def test_without_an_observer_nothing_is_measured() -> None:
    world = World()
    reflector = add_speaker(world, REFLECTOR, ranges=[client_range("192.0.2.0/24")])
    add_speaker(world, NODES[0], [peer(NODES[0], REFLECTOR)], prefixes=["10.99.0.0/16"])
    world.wait_for(lambda: bool(best(reflector)))


def test_each_step_of_a_session_is_told() -> None:
    watched = Watched()
    steps = [text for key, text in watched.steps if key.remote_address == NODES[0]]
    assert steps[0].startswith("outgoing: IDLE to ACTIVE")
    assert any("OPEN_CONFIRM to ESTABLISHED" in text for text in steps)
    status = watched.reflector.peers[watched.steps[0][0]]
    assert [text for _, text in status.session.events] == steps
