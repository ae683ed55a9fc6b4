"""What strangers and restless peers can take from a speaker: connections without OPEN, sessions that flap."""

import pytest

from support.malformed.bench import open_message
from support.world import LOCAL_AS, client_range, steady
from tortie.bgp.engine import CloseConnection, Engine, SendBytes, SpeakerConfig
from tortie.bgp.engine.damping import ADDRESSES_MAX, REMEMBERED_S, Damping
from tortie.bgp.session import State
from tortie.bgp.session.timers import LARGE_HOLD_TIME_S
from tortie.bgp.wire import KEEPALIVE, MessageReader, MessageType, Notification, decode_notification

OWN = "192.0.2.100"
CEASE_OUT_OF_RESOURCES = Notification(6, 8)


class Crowd:
    """An engine that takes clients of a range, and connections put together by hand."""

    def __init__(self, half_open_max: int = 4) -> None:
        self.now = 0.0
        self.engine = Engine(SpeakerConfig(local_as=LOCAL_AS, router_id=1, half_open_max=half_open_max), steady)
        self.engine.reconfigure((), [client_range("10.0.0.0/8", restart_time_s=0)], self.now)
        self.closed: dict[int, Notification | None] = {}
        self.opened: dict[int, float] = {}
        self._sent: dict[int, bytes] = {}
        self._last = 0

    def connect(self, address: str) -> int:
        self._last += 1
        self.engine.accept(self._last, address, OWN, self.now)
        self.settle()
        return self._last

    def establish(self, connection: int, router_id: int = 99) -> None:
        self.engine.receive_data(connection, open_message(LOCAL_AS, router_id), self.now)
        self.engine.receive_data(connection, KEEPALIVE, self.now)
        self.settle()

    def lose(self, connection: int) -> None:
        self.engine.connection_lost(connection, "closed by the far end", self.now)
        self.settle()

    def advance(self, seconds: float) -> None:
        """Let virtual time pass, timer by timer."""
        end = self.now + seconds
        while (timer := self.engine.next_timer()) is not None and timer <= end:
            self.now = max(self.now, timer)
            self.engine.handle_timer(self.now)
            self.settle()
        self.now = end

    def settle(self) -> None:
        self.engine.flush(self.now)
        while (output := self.engine.next_output()) is not None:
            if isinstance(output, SendBytes):
                self._sent[output.connection] = self._sent.get(output.connection, b"") + b"".join(output.buffers)
                self.engine.drained(output.connection, self.now)
                self.opened.setdefault(output.connection, self.now)
            elif isinstance(output, CloseConnection):
                self.closed[output.connection] = self._notification(output.connection)

    def _notification(self, connection: int) -> Notification | None:
        reader = MessageReader()
        reader.feed(self._sent.get(connection, b""))
        last = None
        while (message := reader.next_message()) is not None:
            last = message
        if last is None or last[0] is not MessageType.NOTIFICATION:
            return None
        return decode_notification(last[1])

    @property
    def established_count(self) -> int:
        return sum(peer.session.state is State.ESTABLISHED for peer in self.engine.peers.values())


@pytest.mark.rfc("4486", "4")
def test_at_most_so_many_peers_are_half_open_and_the_oldest_makes_room() -> None:
    crowd = Crowd(half_open_max=4)
    connections = [crowd.connect(f"10.0.0.{number}") for number in range(1, 5)]
    assert crowd.closed == {}
    crowd.connect("10.0.0.5")
    assert crowd.closed == {connections[0]: CEASE_OUT_OF_RESOURCES}
    assert (len(crowd.engine.peers), crowd.engine.evicted_count) == (4, 1)
    crowd.establish(connections[1])
    crowd.connect("10.0.0.6")
    assert list(crowd.closed) == connections[:1], "who has a session is half open no more"
    assert crowd.established_count == 1


def test_a_crowd_that_says_nothing_does_not_keep_a_client_out() -> None:
    crowd = Crowd(half_open_max=4)
    for number in range(200):
        crowd.connect(f"10.1.{number}.1")
    crowd.establish(crowd.connect("10.0.0.1"))
    for number in range(200):
        crowd.connect(f"10.2.{number}.1")
    assert crowd.established_count == 1
    assert len(crowd.engine.peers) == 5


@pytest.mark.rfc("4271", "8.2.2")
def test_who_says_no_open_is_gone_after_four_minutes() -> None:
    crowd = Crowd()
    silent = crowd.connect("10.0.0.1")
    crowd.advance(LARGE_HOLD_TIME_S - 1)
    assert crowd.closed == {}
    crowd.advance(2)
    assert crowd.closed == {silent: Notification(4, 0)}
    assert len(crowd.engine.peers) == 0


@pytest.mark.rfc("4271", "6.5")
@pytest.mark.parametrize("octets", [open_message(LOCAL_AS, 99), open_message(LOCAL_AS, 99, hold_time_s=90) + KEEPALIVE])
def test_one_octet_a_minute_does_not_keep_a_connection(octets: bytes) -> None:
    """Neither while OPEN is awaited nor once the session stands: only whole messages count."""
    crowd = Crowd()
    trickler = crowd.connect("10.0.0.1")
    is_up = len(octets) > len(open_message(LOCAL_AS, 99))
    if is_up:
        crowd.engine.receive_data(trickler, octets, crowd.now)
        crowd.settle()
    for octet in KEEPALIVE * 4 if is_up else octets:
        if trickler in crowd.closed:
            break
        crowd.engine.receive_data(trickler, bytes((octet,)), crowd.now)
        crowd.settle()
        crowd.advance(60)
    assert crowd.closed == {trickler: Notification(4, 0)}
    assert crowd.now <= (120 if is_up else LARGE_HOLD_TIME_S + 60)


def test_a_peer_that_flaps_waits_longer_each_time_though_it_is_forgotten() -> None:
    crowd = Crowd()
    waits = []
    for _ in range(9):
        came = crowd.now
        connection = crowd.connect("10.0.0.1")
        crowd.advance(40)
        waits.append(crowd.opened[connection] - came)
        crowd.establish(connection)
        assert crowd.established_count == 1
        crowd.lose(connection)
        assert len(crowd.engine.peers) == 0
    assert waits == [0, 0, 2, 4, 8, 16, 30, 30, 30]


def test_a_peer_that_was_stable_begins_at_the_bottom() -> None:
    crowd = Crowd()
    for _ in range(3):
        connection = crowd.connect("10.0.0.1")
        crowd.advance(40)
        crowd.establish(connection)
        crowd.lose(connection)
    connection = crowd.connect("10.0.0.1")
    crowd.advance(40)
    crowd.establish(connection)
    crowd.advance(60)
    crowd.lose(connection)
    again = crowd.connect("10.0.0.1")
    assert again in crowd.opened


def test_damping_forgets_in_time_and_is_bounded() -> None:
    damping = Damping()
    damping.note_gone("10.0.0.1", 3, 0.0)
    assert damping.failure_count("10.0.0.1", REMEMBERED_S - 1) == 3
    assert damping.failure_count("10.0.0.1", REMEMBERED_S) == 0
    assert damping.failure_count("10.0.0.2", 0.0) == 0
    damping.note_gone("10.0.0.1", 0, 1.0)
    assert len(damping) == 0
    for number in range(ADDRESSES_MAX + 10):
        damping.note_gone(str(number), 1, 0.0)
    assert len(damping) == ADDRESSES_MAX
    assert damping.failure_count("9", 0.0) == 0
    assert damping.failure_count("10", 0.0) == 1
