"""Graceful restart of one engine and a peer made of bytes: one row a rule, and every timer at its edge."""

import pytest

from support.world import (
    LOCAL_AS,
    add_speaker,
    best,
    client_range,
    established,
    identifier,
    options,
    peer,
    steady,
)
from tortie.bgp.engine import Engine, PeerDown, PeerKey, SpeakerConfig, peer_statuses
from tortie.bgp.engine.restart import (
    DIAL_AFTER_S,
    SELECTION_DEFERRAL_S,
    STALE_TIME_S,
    SelectionDeferral,
    is_same_speaker,
    resumed_families,
    retained_families,
)
from tortie.bgp.rib import Source, SourceKind
from tortie.bgp.session import Negotiated
from tortie.bgp.wire import (
    IPV4_UNICAST,
    IPV6_UNICAST,
    KEEPALIVE,
    AttributeTable,
    Capability,
    DecodeContext,
    EncodeContext,
    Family,
    FourOctetAS,
    GracefulRestart,
    MessageReader,
    MessageType,
    Multiprotocol,
    Notification,
    Open,
    address_from_text,
    decode_open,
    encode_end_of_rib,
    encode_notification,
    encode_open,
    encode_updates,
    encode_withdrawals,
    hard_reset,
    prefix_from_text,
)
from tortie.sim import World

BOTH = (IPV4_UNICAST, IPV6_UNICAST)
OWN, PEER, THIRD = "192.0.2.1", "192.0.2.2", "192.0.2.3"
KEY = PeerKey(OWN, PEER, 179)
CEASE = Notification(6, 4)
ENCODE = EncodeContext(four_octet_as=True)
DECODE = DecodeContext(is_internal=True, four_octet_as=True, families=frozenset(BOTH))


def restart(
    *families: tuple[Family, bool], is_restarting: bool = False, has_n: bool = True, seconds: int = 60
) -> GracefulRestart:
    """The peer's capability."""
    return GracefulRestart(is_restarting, has_n, seconds, families)


def negotiated(peer_restart: GracefulRestart | None, families: tuple[Family, ...] = BOTH) -> Negotiated:
    """A session with that capability."""
    return Negotiated(
        peer_as=LOCAL_AS, peer_router_id=2, hold_time_s=90, keepalive_s=30.0, families=frozenset(families),
        four_octet_as=True, route_refresh=True, message_size_bytes_max=4096, decode=DECODE, encode=ENCODE,
        is_internal=True, local_address=OWN, connection=1, peer_restart=peer_restart,
    )  # fmt: skip


V4, V6 = (IPV4_UNICAST, True), (IPV6_UNICAST, True)
V4_LOST = (IPV4_UNICAST, False)

RETAINED: list[tuple[str, GracefulRestart | None, Notification | None, set[Family]]] = [
    ("no graceful restart", None, None, set()),
    ("TCP ended", restart(V4, V6), None, set(BOTH)),
    ("TCP ended, no N bit", restart(V4, V6, has_n=False), None, set(BOTH)),
    ("only what the peer names", restart(V6), None, {IPV6_UNICAST}),
    ("F counts at the return, not now", restart(V4_LOST), None, {IPV4_UNICAST}),
    ("no family", restart(), None, set()),
    ("no time", restart(V4, seconds=0), None, set()),
    ("NOTIFICATION, both have N", restart(V4), CEASE, {IPV4_UNICAST}),
    ("NOTIFICATION, the peer has no N", restart(V4, has_n=False), CEASE, set()),
    ("Hard Reset", restart(V4), hard_reset(CEASE), set()),
    ("Hard Reset, no N", restart(V4, has_n=False), hard_reset(CEASE), set()),
    ("hold timer, both have N", restart(V4), Notification(4, 0), {IPV4_UNICAST}),
]


@pytest.mark.rfc("4724", "4.2")
@pytest.mark.rfc("8538", "4")
@pytest.mark.parametrize(
    ("peer_restart", "notification", "expected"), [row[1:] for row in RETAINED], ids=[row[0] for row in RETAINED]
)
def test_retained_families(
    peer_restart: GracefulRestart | None, notification: Notification | None, expected: set[Family]
) -> None:
    assert retained_families(negotiated(peer_restart), notification) == expected


def test_a_family_that_was_not_negotiated_is_not_retained() -> None:
    assert retained_families(negotiated(restart(V4, V6), (IPV4_UNICAST,)), None) == {IPV4_UNICAST}


RESUMED: list[tuple[str, GracefulRestart | None, tuple[Family, ...], set[Family]]] = [
    ("no graceful restart any more", None, BOTH, set()),
    ("F for both", restart(V4, V6), BOTH, set(BOTH)),
    ("F for one", restart(V4_LOST, V6), BOTH, {IPV6_UNICAST}),
    ("one is not named", restart(V6), BOTH, {IPV6_UNICAST}),
    ("one is not negotiated", restart(V4, V6), (IPV4_UNICAST,), {IPV4_UNICAST}),
    ("the R bit changes nothing here", restart(V4, is_restarting=True), BOTH, {IPV4_UNICAST}),
]


@pytest.mark.rfc("4724", "4.2")
@pytest.mark.parametrize(
    ("peer_restart", "families", "expected"), [row[1:] for row in RESUMED], ids=[row[0] for row in RESUMED]
)
def test_resumed_families(
    peer_restart: GracefulRestart | None, families: tuple[Family, ...], expected: set[Family]
) -> None:
    assert resumed_families(negotiated(peer_restart, families), frozenset(BOTH)) == expected


def test_who_is_back_is_told_by_router_id_as_and_kind() -> None:
    def of(router_id: int = 2, peer_as: int = LOCAL_AS, kind: SourceKind = SourceKind.INTERNAL) -> Source:
        return Source(PEER, kind, router_id=router_id, peer_as=peer_as)

    assert is_same_speaker(of(), of())
    assert not is_same_speaker(of(), of(router_id=3))
    assert not is_same_speaker(of(), of(peer_as=64999))
    assert not is_same_speaker(of(), of(kind=SourceKind.EXTERNAL))


# ---------------------------------------------------------------- what a restarting speaker waits for

OTHER = PeerKey(OWN, "192.0.2.3", 179)


def waiting(*keys: PeerKey, has_ranges: bool = False, **changes: object) -> SelectionDeferral:
    """A deferral of IPv4 that has begun at time 0."""
    deferral = SelectionDeferral(frozenset({IPV4_UNICAST}))
    deferral.begin({key: options(**changes) for key in keys}, 0.0, has_ranges=has_ranges)
    return deferral


@pytest.mark.rfc("4724", "4.1")
def test_selection_waits_for_end_of_rib_of_all() -> None:
    deferral = waiting(KEY, OTHER)
    deferral.note_up(KEY, negotiated(restart(V4)))
    deferral.note_up(OTHER, negotiated(restart(V4)))
    deferral.note_end_of_rib(KEY, IPV4_UNICAST)
    assert deferral.take_ended(1.0) == ()
    deferral.note_end_of_rib(OTHER, IPV4_UNICAST)
    assert deferral.take_ended(1.0) == (IPV4_UNICAST,)
    assert deferral.take_ended(1.0) == ()
    assert deferral.deadline is None


@pytest.mark.rfc("4724", "4.1")
@pytest.mark.parametrize(
    ("peer_restart", "families", "ends"),
    [
        (restart(V4), BOTH, False),
        (None, BOTH, True),
        (restart(V4, is_restarting=True), BOTH, True),
        (restart(is_restarting=True), BOTH, False),
        (restart(V4), (IPV6_UNICAST,), True),
    ],
    ids=["waited for", "no graceful restart", "restarting itself", "a mere helper", "without the family"],
)
def test_who_comes_up_how_is_waited_for(
    peer_restart: GracefulRestart | None, families: tuple[Family, ...], ends: bool
) -> None:
    deferral = waiting(KEY)
    deferral.note_up(KEY, negotiated(peer_restart, families))
    assert bool(deferral.take_ended(1.0)) is ends


@pytest.mark.rfc("4724", "4.1")
def test_selection_waits_no_longer_than_its_timer() -> None:
    deferral = waiting(KEY)
    assert deferral.deadline == SELECTION_DEFERRAL_S
    assert deferral.take_ended(SELECTION_DEFERRAL_S - 0.001) == ()
    assert deferral.take_ended(SELECTION_DEFERRAL_S) == (IPV4_UNICAST,)


@pytest.mark.rfc("4724", "4.2")
def test_who_has_not_come_is_to_be_dialled_once() -> None:
    deferral = waiting(OTHER, KEY)
    assert (deferral.next_timer(), deferral.take_missing(DIAL_AFTER_S - 0.001)) == (DIAL_AFTER_S, ())
    deferral.note_end_of_rib(OTHER, IPV4_UNICAST)
    assert deferral.take_missing(DIAL_AFTER_S) == (KEY,)
    assert (deferral.next_timer(), deferral.take_missing(DIAL_AFTER_S)) == (SELECTION_DEFERRAL_S, ())


def test_who_was_away_before_is_not_waited_for() -> None:
    deferral = SelectionDeferral(frozenset({IPV4_UNICAST}), expected=frozenset({KEY}))
    deferral.begin({KEY: options(), OTHER: options()}, 0.0, has_ranges=False)
    assert deferral.take_ended(1.0) == ()
    deferral.note_end_of_rib(KEY, IPV4_UNICAST)
    assert deferral.take_ended(1.0) == (IPV4_UNICAST,)


def test_a_peer_that_gets_another_key_is_still_waited_for() -> None:
    deferral = waiting(KEY)
    deferral.note_renamed(KEY, OTHER)
    assert deferral.take_ended(1.0) == ()
    deferral.note_end_of_rib(OTHER, IPV4_UNICAST)
    assert deferral.take_ended(1.0) == (IPV4_UNICAST,)


def test_a_range_is_waited_for_until_the_timer() -> None:
    deferral = waiting(has_ranges=True)
    assert deferral.take_ended(SELECTION_DEFERRAL_S - 0.001) == ()
    assert deferral.take_ended(SELECTION_DEFERRAL_S) == (IPV4_UNICAST,)


def test_nobody_to_wait_for() -> None:
    assert waiting().take_ended(0.0) == (IPV4_UNICAST,)
    assert waiting(KEY, restart_time_s=0).take_ended(0.0) == (IPV4_UNICAST,)
    assert waiting(KEY, families=(IPV6_UNICAST,)).take_ended(0.0) == (IPV4_UNICAST,)
    gone = waiting(KEY)
    gone.note_gone(KEY)
    assert gone.take_ended(0.0) == (IPV4_UNICAST,)


def test_later_configurations_add_nobody() -> None:
    deferral = waiting(KEY)
    deferral.begin({OTHER: options()}, 5.0, has_ranges=True)
    deferral.note_end_of_rib(KEY, IPV4_UNICAST)
    assert deferral.take_ended(6.0) == (IPV4_UNICAST,)


def test_without_a_restart_nothing_is_waited_for() -> None:
    deferral = SelectionDeferral(frozenset())
    deferral.begin({KEY: options()}, 0.0, has_ranges=False)
    assert deferral.deadline is None
    assert deferral.take_ended(1000.0) == ()


# ---------------------------------------------------------------- an engine and a peer made of bytes


def opening(*capabilities: Capability, router_id: int = 2, families: tuple[Family, ...] = BOTH) -> bytes:
    """The peer's OPEN and its first KEEPALIVE."""
    usual: list[Capability] = [Multiprotocol(family) for family in families]
    usual.append(FourOctetAS(LOCAL_AS))
    message = Open(asn=LOCAL_AS, hold_time_s=0, router_id=router_id, capabilities=(*usual, *capabilities))
    return encode_open(message) + KEEPALIVE


class Bytes:
    """A peer that says what the test says, to an engine that waits for it."""

    def __init__(self, **changes: object) -> None:
        self.engine = Engine(SpeakerConfig(local_as=LOCAL_AS, router_id=identifier(OWN)), steady)
        self.table = AttributeTable()
        self.now = 0.0
        self.connection = 0
        self.changes = {"passive": True, "families": BOTH, "hold_time_s": 0, **changes}
        self.engine.reconfigure([peer(OWN, PEER, **self.changes)], (), self.now)

    def up(self, *capabilities: Capability, router_id: int = 2, families: tuple[Family, ...] = BOTH) -> None:
        """Connect and establish."""
        self.connection += 1
        self.engine.accept(self.connection, PEER, OWN, self.now)
        self.wait(2.0)  # whoever failed before is damped
        self.say(opening(*capabilities, router_id=router_id, families=families))
        assert self.engine.peers[KEY].source is not None

    def say(self, data: bytes) -> None:
        self.engine.receive_data(self.connection, data, self.now)
        self.engine.flush(self.now)

    def announce(self, *prefixes: str, med: int = 0) -> None:
        nlris = [prefix_from_text(prefix)[1] for prefix in prefixes]
        attributes = self.table.intern(next_hop=address_from_text(PEER), local_pref=100, med=med)
        self.say(b"".join(encode_updates(IPV4_UNICAST, attributes, nlris, ENCODE)))

    def withdraw(self, prefix: str) -> None:
        self.say(b"".join(encode_withdrawals(IPV4_UNICAST, [prefix_from_text(prefix)[1]], ENCODE)))

    def lose(self) -> None:
        self.engine.connection_lost(self.connection, "reset", self.now)
        self.engine.flush(self.now)

    def wait(self, seconds: float) -> None:
        """Let time pass, and every timer act at its time."""
        end = self.now + seconds
        while (timer := self.engine.next_timer()) is not None and timer <= end:
            self.now = max(self.now, timer)
            self.engine.handle_timer(self.now)
        self.now = end

    def known(self) -> set[str]:
        found = self.engine.rib.loc_rib(IPV4_UNICAST).decisions
        wanted = ("10.1.0.0/16", "10.2.0.0/16", "10.3.0.0/16")
        return {prefix for prefix in wanted if prefix_from_text(prefix)[1] in found}

    def stale(self) -> tuple[int, float | None]:
        """Stale prefixes and for how long they are kept, as status says."""
        [status] = peer_statuses(self.engine, self.now)
        return sum(family.stale for family in status.families), status.stale_s

    def down(self) -> PeerDown:
        found = None
        while (output := self.engine.next_output()) is not None:
            found = output if isinstance(output, PeerDown) else found
        assert found is not None
        return found


BOTH_KEPT = restart(V4, V6)


def gone_with(prefixes: tuple[str, ...] = ("10.1.0.0/16", "10.2.0.0/16"), **changes: object) -> Bytes:
    """A peer that has announced, and whose connection is lost."""
    far = Bytes(**changes)
    far.up(BOTH_KEPT)
    far.announce(*prefixes)
    far.say(encode_end_of_rib(IPV4_UNICAST) + encode_end_of_rib(IPV6_UNICAST))
    far.lose()
    return far


@pytest.mark.rfc("4724", "4.2")
def test_stale_paths_are_kept_for_the_peers_restart_time() -> None:
    far = gone_with()
    assert far.stale() == (2, 60.0)
    assert far.down().stale_s == 60.0
    far.wait(59.9)
    assert far.known() == {"10.1.0.0/16", "10.2.0.0/16"}
    assert far.stale() == (2, 0.1)
    far.wait(0.1)
    assert far.known() == set()
    assert far.stale() == (0, None)


@pytest.mark.rfc("4724", "4.2")
def test_end_of_rib_sweeps_what_was_not_announced_again() -> None:
    far = gone_with()
    far.up(BOTH_KEPT)
    far.announce("10.1.0.0/16")
    assert far.known() == {"10.1.0.0/16", "10.2.0.0/16"}
    assert far.stale()[0] == 1
    far.say(encode_end_of_rib(IPV4_UNICAST))
    assert far.known() == {"10.1.0.0/16"}
    far.say(encode_end_of_rib(IPV6_UNICAST))
    assert far.stale() == (0, None)


@pytest.mark.rfc("4724", "4.2")
def test_without_end_of_rib_the_stale_timer_sweeps() -> None:
    far = gone_with()
    far.up(BOTH_KEPT)
    back = far.now
    far.announce("10.1.0.0/16")
    far.wait(back + STALE_TIME_S - 0.001 - far.now)
    assert far.known() == {"10.1.0.0/16", "10.2.0.0/16"}
    far.wait(0.001)
    assert far.known() == {"10.1.0.0/16"}
    assert far.stale() == (0, None)
    assert far.engine.peers[KEY].source is not None


@pytest.mark.rfc("4724", "4.2")
def test_a_stale_path_can_be_withdrawn() -> None:
    far = gone_with()
    far.up(BOTH_KEPT)
    far.withdraw("10.2.0.0/16")
    assert far.known() == {"10.1.0.0/16"}
    assert far.stale()[0] == 1


@pytest.mark.rfc("4724", "4.2")
@pytest.mark.parametrize(
    ("capabilities", "families", "router_id", "kept"),
    [
        ((restart(V4, V6),), BOTH, 2, True),
        ((restart(V4_LOST, V6),), BOTH, 2, False),
        ((restart(V6),), BOTH, 2, False),
        ((), BOTH, 2, False),
        ((restart(V4, V6),), (IPV6_UNICAST,), 2, False),
        ((restart(V4, V6),), BOTH, 3, False),
    ],
    ids=["F", "no F", "not named", "no graceful restart", "not negotiated", "another router id"],
)
def test_what_stays_when_the_peer_is_back(
    capabilities: tuple[Capability, ...], families: tuple[Family, ...], router_id: int, kept: bool
) -> None:
    far = gone_with()
    far.up(*capabilities, families=families, router_id=router_id)
    assert far.known() == ({"10.1.0.0/16", "10.2.0.0/16"} if kept else set())


@pytest.mark.rfc("4724", "4.2")
def test_two_restarts_in_a_row_keep_no_path_for_ever() -> None:
    far = gone_with()
    far.up(BOTH_KEPT)
    far.announce("10.1.0.0/16")
    far.lose()
    assert far.known() == {"10.1.0.0/16"}


@pytest.mark.rfc("8538", "4")
@pytest.mark.parametrize(
    ("capability", "notification", "kept"),
    [
        (restart(V4), CEASE, True),
        (restart(V4, has_n=False), CEASE, False),
        (restart(V4), hard_reset(CEASE), False),
    ],
    ids=["both have N", "no N", "Hard Reset"],
)
def test_a_notification_of_the_peer(capability: GracefulRestart, notification: Notification, kept: bool) -> None:
    far = Bytes()
    far.up(capability)
    far.announce("10.1.0.0/16")
    far.say(encode_notification(notification))
    assert bool(far.known()) is kept


@pytest.mark.rfc("8538", "3.1")
def test_removed_from_the_configuration_nothing_is_kept() -> None:
    far = Bytes()
    far.up(BOTH_KEPT)
    far.announce("10.1.0.0/16")
    far.engine.reconfigure((), (), far.now)
    assert far.known() == set()


def test_removed_while_it_is_away_nothing_is_kept() -> None:
    far = gone_with()
    far.engine.reconfigure((), (), far.now)
    assert far.known() == set()
    assert far.engine.next_timer() is None


def test_another_as_while_it_is_away_keeps_nothing() -> None:
    far = gone_with()
    far.engine.reconfigure([peer(OWN, PEER, **{**far.changes, "peer_as": 64999})], (), far.now)
    assert far.known() == set()


def test_a_client_flag_that_changes_while_it_is_away_counts() -> None:
    far = gone_with()
    far.engine.reconfigure([peer(OWN, PEER, **{**far.changes, "is_client": True})], (), far.now)
    [best] = {path.source.is_client for _, path in far.engine.best_paths(IPV4_UNICAST)}
    assert best
    assert far.stale()[0] == 2


@pytest.mark.rfc("4724", "4.2")
def test_a_client_flag_that_changes_with_what_resets_the_session_counts() -> None:
    """The paths outlive the reset, and are judged as those of who it is now."""
    world = World()
    reflector = add_speaker(world, OWN, [peer(OWN, PEER, is_client=True), peer(OWN, THIRD)])
    add_speaker(world, PEER, [peer(PEER, OWN)], prefixes=["10.2.0.0/16"])
    third = add_speaker(world, THIRD, [peer(THIRD, OWN)])
    world.wait_for(lambda: "10.2.0.0/16" in best(third))
    reflector.reconfigure([peer(OWN, PEER, restart_time_s=60), peer(OWN, THIRD)], (), world.now)
    world.run(30)
    assert established(reflector) == [PEER, THIRD]
    assert best(third) == {}


def test_what_is_announced_as_before_changes_nothing() -> None:
    far = gone_with()
    before = dict(far.engine.best_paths(IPV4_UNICAST))
    far.up(BOTH_KEPT)
    far.announce("10.1.0.0/16", "10.2.0.0/16")
    assert not far.engine.rib.has_changes
    far.say(encode_end_of_rib(IPV4_UNICAST))
    assert not far.engine.rib.has_changes
    assert dict(far.engine.best_paths(IPV4_UNICAST)) == before
    far.announce("10.1.0.0/16", med=5)
    assert dict(far.engine.best_paths(IPV4_UNICAST)) != before


def test_a_dynamic_peer_is_kept_while_it_is_stale() -> None:
    far = Bytes()
    far.engine.reconfigure((), [client_range("192.0.2.0/24", hold_time_s=0)], far.now)
    key = PeerKey(OWN, PEER, 0)
    far.connection += 1
    far.engine.accept(far.connection, PEER, OWN, far.now)
    far.say(opening(BOTH_KEPT, families=(IPV4_UNICAST,)))
    far.announce("10.1.0.0/16")
    far.lose()
    assert list(far.engine.peers) == [key]
    far.wait(60.0)
    assert far.engine.peers == {}
    assert far.known() == set()


# ---------------------------------------------------------------- what its own OPEN says


def own_restart(engine: Engine) -> GracefulRestart:
    """The capability in the OPEN that the engine sends to the one who connects."""
    engine.reconfigure([peer(OWN, PEER, passive=True, families=BOTH)], (), 0.0)
    engine.accept(1, PEER, OWN, 0.0)
    reader = MessageReader()
    while (output := engine.next_output()) is not None:
        reader.feed(b"".join(getattr(output, "buffers", ())))
    message = reader.next_message()
    assert message is not None
    assert message[0] is MessageType.OPEN
    [found] = [each for each in decode_open(message[1]).capabilities if isinstance(each, GracefulRestart)]
    return found


@pytest.mark.rfc("4724", "3")
@pytest.mark.parametrize("is_restarting", [True, False])
def test_a_speaker_without_data_path_has_nothing_to_lose(is_restarting: bool) -> None:
    config = SpeakerConfig(local_as=LOCAL_AS, router_id=identifier(OWN))
    assert own_restart(Engine(config, steady, is_restarting=is_restarting)) == GracefulRestart(
        is_restarting, True, 120, (V4, V6)
    )


@pytest.mark.rfc("4724", "3")
def test_a_speaker_with_a_data_path_waits_for_its_word() -> None:
    config = SpeakerConfig(local_as=LOCAL_AS, router_id=identifier(OWN), resolve_next_hops=True)
    engine = Engine(config, steady)
    engine.forwarding_preserved([IPV6_UNICAST])
    assert own_restart(engine).families == (V4_LOST, V6)
