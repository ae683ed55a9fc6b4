"""What an agent keeps of what happened."""

from tortie.bgp.engine import PeerDown, PeerKey
from tortie.bgp.wire import Notification
from tortie.fabric import Quarantined
from tortie.node.events import EVENTS_KEPT_MAX, EventLog

PEER = PeerKey("10.0.0.1", "10.0.0.2", 179)
ONE, TWO = Quarantined("Node", "n", "one reason"), Quarantined("Node", "n", "another")


def test_sessions() -> None:
    log = EventLog()
    log.session_up(PEER, 1.0)
    log.session_down(PeerDown(PEER, "the peer says so", 120.0, Notification(6, 2), True), 2.0)
    log.session_down(PeerDown(PEER, "hold timer expired", None, Notification(4, 0)), 3.0)
    log.session_down(PeerDown(PEER, "connection lost", None, None, True), 4.0)
    up, told, ours, lost = log.view(5.0)
    assert up == {"age_s": 4.0, "kind": "session", "subject": "10.0.0.2", "what": "up"}
    assert (told["notification"], told["notification_by"]) == ("Cease / Administrative Shutdown", "peer")
    assert (told["paths_kept_s"], told["reason"]) == (120.0, "the peer says so")
    assert (ours["notification"], ours["notification_by"]) == ("Hold Timer Expired", "us")
    assert (lost["notification"], lost["notification_by"]) == (None, None)


def test_records() -> None:
    log = EventLog()
    log.quarantine((), (ONE,), 0.0)
    log.quarantine((ONE,), (ONE,), 1.0)
    log.quarantine((ONE,), (TWO,), 2.0)
    log.quarantine((TWO,), (), 3.0)
    assert [(each["what"], each.get("reason")) for each in log.view(3.0)] == [
        ("set aside", "one reason"),
        ("set aside", "another"),
        ("no longer set aside", None),
    ]


def test_only_the_last_are_kept() -> None:
    log = EventLog()
    for number in range(EVENTS_KEPT_MAX + 1):
        log.session_up(PEER, float(number))
    assert len(log.view(0.0)) == EVENTS_KEPT_MAX
    assert log.view(EVENTS_KEPT_MAX)[-1]["age_s"] == 0
    assert log.view(EVENTS_KEPT_MAX)[0]["age_s"] == EVENTS_KEPT_MAX - 1
