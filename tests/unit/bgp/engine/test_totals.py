"""Counts over all peers, those that are gone included, and the classes of resets."""

import pytest

from support.world import add_speaker, client_range, established, own_prefix, peer
from tortie.bgp.engine import ResetReason
from tortie.bgp.engine.totals import Totals, reset_reason
from tortie.bgp.session import SessionCounters
from tortie.bgp.wire import MessageType, Notification, hard_reset
from tortie.sim import World

NODE, REFLECTOR = "192.0.2.1", "192.0.2.100"


@pytest.mark.parametrize(
    ("notification", "reason"),
    [
        (None, "connection_lost"),
        (Notification(1, 2), "protocol_error"),
        (Notification(2, 2), "protocol_error"),
        (Notification(3, 11), "protocol_error"),
        (Notification(4, 0), "hold_timer"),
        (Notification(5, 1), "protocol_error"),
        (Notification(6, 1), "resources"),
        (Notification(6, 2, b"\x04gone"), "administrative"),
        (Notification(6, 3), "administrative"),
        (Notification(6, 4), "administrative"),
        (Notification(6, 5), "other"),
        (Notification(6, 6), "administrative"),
        (Notification(6, 7), "collision"),
        (Notification(6, 8), "resources"),
        (Notification(6, 99), "other"),
        (Notification(8, 0), "hold_timer"),
        (Notification(99, 0), "protocol_error"),
        (hard_reset(Notification(6, 2)), "administrative"),
        (hard_reset(Notification(4, 0)), "hold_timer"),
        (hard_reset(hard_reset(Notification(6, 2))), "other"),
        (Notification(6, 9, b""), "other"),
        (Notification(6, 9, b"\x06"), "other"),
    ],
)
@pytest.mark.rfc("4486", "4")
@pytest.mark.rfc("8538", "3.1")
def test_classes(notification: Notification | None, reason: str) -> None:
    assert reset_reason(notification, is_remote=True) == reason


def test_a_connection_that_we_just_closed_was_left_by_an_operator() -> None:
    assert reset_reason(None, is_remote=False) is ResetReason.ADMINISTRATIVE


def test_only_our_own_answer_to_an_update_counts_as_malformed() -> None:
    totals = Totals()
    totals.note_reset(Notification(3, 11), is_remote=True)
    totals.note_reset(Notification(6, 2), is_remote=False)
    assert totals.malformed_reset_count == 0
    totals.note_reset(Notification(3, 11), is_remote=False)
    assert totals.malformed_reset_count == 1
    assert totals.resets[ResetReason.PROTOCOL_ERROR] == 2


def test_counters_add_up() -> None:
    one, two = SessionCounters(), SessionCounters()
    one.received[MessageType.UPDATE], two.received[MessageType.UPDATE] = 2, 3
    two.sent[MessageType.KEEPALIVE] = 4
    one.down_count, two.down_count, two.stray_count = 1, 2, 5
    total = SessionCounters.total([one, two])
    assert {name: count for name, count in total.as_dict().items() if count} == {
        "update_received": 5, "keepalive_sent": 4, "down_count": 3, "stray_count": 5,
    }  # fmt: skip


def test_the_sum_of_none_is_nothing() -> None:
    assert SessionCounters.total([]).as_dict() == SessionCounters().as_dict()


def test_what_a_peer_that_is_forgotten_has_counted_stays() -> None:
    world = World()
    reflector = add_speaker(world, REFLECTOR, ranges=[client_range("192.0.2.0/24", restart_time_s=0)])
    add_speaker(world, NODE, [peer(NODE, REFLECTOR, restart_time_s=0)], prefixes=[own_prefix(NODE)])
    world.wait_for(lambda: established(reflector) == [NODE])
    world.run(1)
    world.kill(NODE)
    world.run(1)
    assert not reflector.peers
    gone = reflector.totals.of_gone
    assert (gone.established_count, gone.down_count, gone.received[MessageType.OPEN]) == (1, 1, 1)
    assert reflector.totals.resets[ResetReason.CONNECTION_LOST] == 1
    assert sum(reflector.totals.resets.values()) == 1
