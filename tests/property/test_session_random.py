"""A session that is given anything: it never stands still, its outputs stay in order, cuts do not matter."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.sessions import drain, new_session, peer_open, session_config
from tortie.bgp.session import Session, State, outputs
from tortie.bgp.wire import (
    IPV4_UNICAST,
    KEEPALIVE,
    MessageType,
    Notification,
    RouteRefresh,
    encode_end_of_rib,
    encode_message,
    encode_notification,
    encode_route_refresh,
)

CONFIG = session_config()
MESSAGES = [
    peer_open(CONFIG),
    peer_open(CONFIG, asn=65009),
    peer_open(CONFIG, hold_time_s=0),
    peer_open(CONFIG, router_id=1),
    KEEPALIVE,
    encode_end_of_rib(IPV4_UNICAST),
    encode_notification(Notification(6, 7)),
    encode_notification(Notification(2, 1)),
    encode_route_refresh(RouteRefresh(IPV4_UNICAST)),
    encode_message(MessageType.UPDATE, bytes(4) + b"\x21"),
    bytes(19),
]
DATA = st.one_of(
    st.sampled_from(MESSAGES),
    st.sampled_from(MESSAGES),
    st.just(peer_open(CONFIG) + KEEPALIVE),
    st.binary(max_size=40),
)
CONNECTIONS = st.integers(0, 5)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("start")),
        st.tuples(st.just("stop")),
        st.tuples(st.just("reset")),
        st.tuples(st.just("passive"), st.booleans()),
        st.tuples(st.just("hold time"), st.sampled_from([0, 3, 90])),
        st.tuples(st.just("made out")),
        st.tuples(st.just("made in")),
        st.tuples(st.just("failed")),
        st.tuples(st.just("lost"), CONNECTIONS),
        st.tuples(st.just("data"), CONNECTIONS, DATA),
        st.tuples(st.just("data"), CONNECTIONS, DATA),
        st.tuples(st.just("drained"), CONNECTIONS),
        st.tuples(st.just("time"), st.floats(0.0, 10.0)),
        st.tuples(st.just("timer")),
    ),
    max_size=40,
)
CONFIGS = st.fixed_dictionaries(
    {
        "passive": st.booleans(),
        "hold_time_s": st.sampled_from([0, 3, 90]),
        "delay_open_s": st.sampled_from([0.0, 2.0]),
        "send_hold_time_s": st.sampled_from([None, 0.0, 5.0]),
        "router_id": st.sampled_from([7, 0xFFFF_FFFF]),
    }
)


@dataclass
class Shell:
    """What obeys a session, and notices what a shell could not obey."""

    session: Session
    now: float = 0.0
    open_connections: list[int] = field(default_factory=list)
    is_dialling: bool = False
    is_up_on: int | None = None
    is_started: bool = False
    made_count: int = 0

    def play(self, step: tuple[object, ...]) -> None:
        """Give one input, if it makes sense now."""
        match step:
            case ("start" | "stop" | "reset" | "passive" | "hold time", *_):
                self.administer(step)
            case ("made out" | "made in" | "failed", *_):
                self.dial(step)
            case ("time" | "timer", *_):
                self.let_time_pass(step)
            case (_, int(index), *_) if self.open_connections:
                self.happen(step, self.open_connections[index % len(self.open_connections)])
        self.obey()
        self.check()

    def administer(self, step: tuple[object, ...]) -> None:
        match step:
            case ("start",):
                self.session.start(self.now)
                self.is_started = True
            case ("stop",):
                self.session.stop(self.now)
                self.is_started = False
            case ("reset",):
                self.session.reset(self.now, 6, 4)
            case ("passive", is_passive):
                self.reconfigure(passive=is_passive)
            case ("hold time", hold_time_s):
                self.reconfigure(hold_time_s=hold_time_s)

    def dial(self, step: tuple[object, ...]) -> None:
        if step == ("made in",):
            self.made(is_outgoing=False)
        elif self.is_dialling:
            self.is_dialling = False
            if step == ("made out",):
                self.made(is_outgoing=True)
            else:
                self.session.connection_failed("refused", self.now)

    def let_time_pass(self, step: tuple[object, ...]) -> None:
        match step:
            case ("time", float(seconds)):
                self.now += seconds
            case _:
                self.now = max(self.now, self.session.next_timer() or self.now)
        self.session.handle_timer(self.now)

    def happen(self, step: tuple[object, ...], connection: int) -> None:
        match step:
            case ("lost", *_):
                self.open_connections.remove(connection)
                self.session.connection_lost(connection, "reset", self.now)
            case ("data", _, bytes(data)):
                self.session.receive_data(connection, data, self.now)
            case ("drained", *_):
                self.session.drained(connection, self.now)

    def reconfigure(self, **changes: object) -> None:
        fields = {name: getattr(self.session.config, name) for name in CONFIG.__slots__}
        self.session.reconfigure(session_config(**{**fields, **changes}), self.now)

    def made(self, *, is_outgoing: bool) -> None:
        self.made_count += 1
        self.open_connections.append(self.made_count)
        self.session.connection_made(self.made_count, is_outgoing=is_outgoing, local_address="", now=self.now)

    def obey(self) -> None:
        for output in drain(self.session):
            match output:
                case outputs.OpenConnection():
                    assert not self.is_dialling, "one dial at a time"
                    self.is_dialling = True
                case outputs.CancelConnection():
                    assert self.is_dialling, "only a dial under way can be cancelled"
                    self.is_dialling = False
                case outputs.SendBytes(connection, _):
                    assert connection in self.open_connections, "sent on a closed connection"
                case outputs.CloseConnection(connection):
                    self.open_connections.remove(connection)
                case outputs.SessionUp(negotiated):
                    assert self.is_up_on is None, "up twice"
                    self.is_up_on = negotiated.connection
                    assert self.is_up_on in self.open_connections
                case outputs.SessionDown():
                    assert self.is_up_on is not None, "down without up"
                    assert self.is_up_on not in self.open_connections, "closed before it is down"
                    self.is_up_on = None
                case _:
                    assert self.is_up_on is not None, "an UPDATE outside Established"

    def check(self) -> None:
        """Whatever happened, time leads on."""
        session = self.session
        deadline = session.next_timer()
        state = session.state
        assert (state is State.ESTABLISHED) is (self.is_up_on is not None)
        if deadline is not None:
            return
        is_waiting = session.config.passive and state is State.ACTIVE
        negotiated = session.negotiated
        is_timeless = negotiated is not None and negotiated.hold_time_s == 0
        assert not self.is_started or is_waiting or is_timeless, f"stuck in {state.name}"
        if not self.is_started:
            assert (state, self.open_connections) == (State.IDLE, [])


@pytest.mark.rfc("4271", "8.2.2")
@settings(max_examples=500, deadline=None)
@given(CONFIGS, STEPS)
def test_never_stuck_and_outputs_can_be_obeyed(changes: dict[str, object], steps: list[tuple[object, ...]]) -> None:
    shell = Shell(new_session(**changes))
    shell.play(("start",))
    for step in steps:
        shell.play(step)


@settings(max_examples=200, deadline=None)
@given(CONFIGS, STEPS)
def test_left_alone_it_comes_back_to_dialling_or_waiting(
    changes: dict[str, object], steps: list[tuple[object, ...]]
) -> None:
    """With a network that refuses everything, timers alone lead to the next dial (or to passive waiting)."""
    shell = Shell(new_session(**changes))
    for step in [("start",), *steps, ("start",)]:
        shell.play(step)
    while shell.open_connections:
        shell.play(("lost", 0))
    for _ in range(10):
        if shell.is_dialling or shell.session.next_timer() is None:
            break
        shell.play(("timer",))
    assert shell.is_dialling or (shell.session.config.passive and shell.session.state is State.ACTIVE)


@settings(max_examples=200, deadline=None)
@given(st.lists(DATA, max_size=8), st.lists(st.integers(1, 60), min_size=1, max_size=20))
def test_any_cut_of_the_bytes_gives_the_same(pieces: list[bytes], cuts: list[int]) -> None:
    data = b"".join([peer_open(CONFIG), KEEPALIVE, *pieces])
    whole, cut = (Shell(new_session()) for _ in range(2))
    taken = []
    for shell in (whole, cut):
        shell.play(("start",))
        shell.session.connection_made(1, is_outgoing=True, local_address="", now=0.0)
    whole.session.receive_data(1, data, 0.0)
    at = turn = 0
    while at < len(data):
        size = cuts[turn % len(cuts)]
        cut.session.receive_data(1, data[at : at + size], 0.0)
        at, turn = at + size, turn + 1
    for shell in (whole, cut):
        taken.append([plain(output) for output in drain(shell.session)])
        shell.session.counters.stray_count = 0
    assert taken[0] == taken[1]
    assert whole.session.counters.as_dict() == cut.session.counters.as_dict()
    assert whole.session.last_error == cut.session.last_error


def plain(output: outputs.Output) -> object:
    """An output in a form that compares by value."""
    if isinstance(output, outputs.UpdateReceived):
        update = output.update
        return update.announced, update.withdrawn, update.end_of_rib, update.problems
    return output
