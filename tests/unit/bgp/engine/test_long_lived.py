"""Long-lived graceful restart of a peer made of bytes: what our own speakers do not say."""

import pytest

from support.world import LOCAL_AS, identifier, peer, steady
from tortie.bgp.engine import Engine, SpeakerConfig, route_statuses
from tortie.bgp.wire import (
    IPV4_UNICAST,
    KEEPALIVE,
    AttributeTable,
    EncodeContext,
    FourOctetAS,
    GracefulRestart,
    LongLivedGracefulRestart,
    Multiprotocol,
    Notification,
    Open,
    encode_end_of_rib,
    encode_notification,
    encode_open,
    encode_updates,
)

OWN, PEER = "192.0.2.1", "192.0.2.2"
NLRI = b"\x10\x0a\x01"
KEPT_S = 100


class Scene:
    """An engine and the bytes of its peer."""

    def __init__(self, restart_time_s: int, *, has_n_bit: bool = True) -> None:
        self.engine = Engine(SpeakerConfig(local_as=LOCAL_AS, router_id=identifier(OWN)), steady)
        self.engine.reconfigure([peer(OWN, PEER, passive=True, hold_time_s=0, long_lived_s=KEPT_S)], (), 0.0)
        self.restart_time_s, self.has_n_bit = restart_time_s, has_n_bit
        self.connection = 0

    def meet(self, now: float, *, is_preserved: bool = True) -> None:
        self.connection += 1
        capabilities = (
            Multiprotocol(IPV4_UNICAST),
            FourOctetAS(LOCAL_AS),
            GracefulRestart(False, self.has_n_bit, self.restart_time_s, ((IPV4_UNICAST, True),)),
            LongLivedGracefulRestart(((IPV4_UNICAST, is_preserved, KEPT_S),)),
        )
        opening = Open(asn=LOCAL_AS, hold_time_s=0, router_id=identifier(PEER), capabilities=capabilities)
        self.engine.handle_timer(now)  # after a failure it waits a moment before it takes a connection
        self.engine.accept(self.connection, PEER, OWN, now)
        self.engine.receive_data(self.connection, encode_open(opening) + KEEPALIVE, now)

    def announce(self, now: float) -> None:
        attributes = AttributeTable().intern(next_hop=bytes((192, 0, 2, 2)), local_pref=100)
        messages = encode_updates(IPV4_UNICAST, attributes, [NLRI], EncodeContext(four_octet_as=True))
        self.engine.receive_data(self.connection, b"".join(messages) + encode_end_of_rib(IPV4_UNICAST), now)

    def held(self) -> list[tuple[str, ...]]:
        """The communities of each path."""
        return [route.communities for route in route_statuses(self.engine, IPV4_UNICAST)]


@pytest.mark.rfc("9494", "4.2")
def test_without_a_restart_time_it_begins_at_once() -> None:
    scene = Scene(0)
    scene.meet(0.0)
    scene.announce(1.0)
    scene.engine.connection_lost(1, "reset", 2.0)
    assert scene.held() == [("65535:6",)]
    scene.engine.handle_timer(2.0 + KEPT_S - 1)
    assert scene.held() == [("65535:6",)]
    scene.engine.handle_timer(2.0 + KEPT_S)
    assert scene.held() == []


@pytest.mark.rfc("9494", "4.2")
@pytest.mark.parametrize(("is_preserved", "kept"), [(True, [("65535:6",)]), (False, [])])
def test_whether_it_stays_when_the_peer_is_back_is_for_the_f_bit_to_say(
    *, is_preserved: bool, kept: list[tuple[str, ...]]
) -> None:
    scene = Scene(0)
    scene.meet(0.0)
    scene.announce(1.0)
    scene.engine.connection_lost(1, "reset", 2.0)
    scene.meet(50.0, is_preserved=is_preserved)
    assert scene.held() == kept
    scene.announce(51.0)
    assert scene.held() == [()]


@pytest.mark.rfc("8538", "4")
@pytest.mark.rfc("9494", "4.2")
@pytest.mark.parametrize(
    ("notification", "has_n_bit", "is_kept"),
    [
        (Notification(6, 4), True, True),
        (Notification(6, 4), False, False),
        (Notification(6, 9, b"\x06\x02"), True, False),
    ],
    ids=["N bit", "no N bit", "Hard Reset"],
)
def test_after_a_notification(notification: Notification, *, has_n_bit: bool, is_kept: bool) -> None:
    scene = Scene(10, has_n_bit=has_n_bit)
    scene.meet(0.0)
    scene.announce(1.0)
    scene.engine.receive_data(1, encode_notification(notification), 2.0)
    assert bool(scene.held()) is is_kept
    scene.engine.handle_timer(12.0)
    assert scene.held() == ([("65535:6",)] if is_kept else [])


@pytest.mark.rfc("9494", "4.2")
def test_a_second_end_before_all_was_said_keeps_no_path_for_ever() -> None:
    scene = Scene(10)
    scene.meet(0.0)
    scene.announce(1.0)
    scene.engine.connection_lost(1, "reset", 2.0)
    scene.engine.handle_timer(12.0)
    scene.meet(20.0)
    scene.engine.connection_lost(2, "reset", 21.0)
    assert scene.held() == []
