"""What `status` prints."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tortie.cli.sessions import SESSIONS_SHOWN_MAX, status_text

NOW = datetime(2026, 1, 2, 12, 0, 0, tzinfo=UTC)


def session(**changes: object) -> dict[str, Any]:
    """Return a session as the status socket gives it."""
    plain: dict[str, Any] = {
        "remote_address": "10.10.31.193", "remote_port": 179, "state": "established", "age_s": 61.0,
        "local_as": 64512, "peer_as": 64512, "is_client": False, "last_error": "", "last_error_age_s": None,
        "roles": ["mesh"], "families": [], "counters": {"down_count": 0},
    }  # fmt: skip
    return plain | changes


def status(*sessions: dict[str, Any], **changes: object) -> dict[str, Any]:
    """Return an agent's status."""
    plain: dict[str, Any] = {
        "name": "kube-node1", "role": "node", "withheld": "", "intent_from": "datastore", "listen_errors": {},
        "speaker": {"local_as": 64512, "router_id": "10.10.31.193", "cluster_id": "10.10.31.193"},
        "datastore": {"is_connected": True, "is_held": False, "text": "", "revision": 7, "acted_revision": 7,
            "age_s": 9.0},
        "kernel": {"is_in_sync": True, "installed": 3, "desired": 3, "pending": 0, "failed_count": 0, "last_error": ""},
        "quarantine": [], "sessions": list(sessions), "events": [],
    }  # fmt: skip
    return plain | changes


def test_node() -> None:
    families = [{"family": "ipv4", "received": 4, "accepted": 3, "sent": 2, "stale": 0, "add_path": "off"}]
    text = status_text(status(session(remote_address="10.10.31.194", families=families)), NOW)
    assert text == (
        "node kube-node1 is running, AS 64512, router id 10.10.31.193\n"
        "datastore: connected, acted on revision 7\n"
        "kernel: in sync, 3 of 3 routes\n"
        "1 session: 1 Established\n"
        "\n"
        "IPv4 BGP status\n"
        "+--------------+-------------------+-------+----------+-------------+\n"
        "| PEER ADDRESS |     PEER TYPE     | STATE |  SINCE   |    INFO     |\n"
        "+--------------+-------------------+-------+----------+-------------+\n"
        "| 10.10.31.194 | node-to-node mesh | up    | 11:58:59 | Established |\n"
        "+--------------+-------------------+-------+----------+-------------+\n"
        "\n"
        "IPv6 BGP status\n"
        "No IPv6 peers found.\n"
        "\n"
        "Sessions\n"
        "10.10.31.194  Established since 2026-01-02 11:58:59 (1 min 1 s), 0 resets\n"
        "  ipv4: 4 received, 3 accepted, 2 sent\n"
    )


def test_reflector_says_its_cluster_id() -> None:
    text = status_text(status(role="reflector", name="10.10.31.168", kernel=None, datastore=None), NOW)
    assert "cluster id 10.10.31.193" in " ".join(text.split())
    assert "kernel" not in text
    assert "datastore" not in text


def family(**changes: object) -> dict[str, Any]:
    """Return a family of a session."""
    plain = {"family": "ipv4", "received": 0, "accepted": 0, "sent": 0, "stale": 0, "add_path": "off"}
    return plain | changes


ROWS = [
    ("global", {"roles": ["global"]}, "| global "),
    ("node-specific", {"roles": ["node"]}, "| node specific "),
    ("reflector-mesh", {"roles": ["reflector-mesh"]}, "| reflector mesh "),
    ("merged", {"roles": ["global", "mesh"]}, "| global, node-to-node mesh "),
    ("client-of-a-range", {"roles": [], "is_client": True}, "| client "),
    ("named-in-a-file", {"roles": []}, "| non-client "),
    ("external-in-a-file", {"roles": [], "peer_as": 64999}, "| external "),
    ("other-port", {"remote_port": 1790}, "| 10.10.31.193 port 1790 "),
    ("port-of-a-range", {"remote_port": 0}, "| 10.10.31.193 |"),
    ("down", {"state": "active", "last_error": "refused", "last_error_age_s": 5.0}, "| Active refused |"),
    ("down-without-reason", {"state": "open_sent"}, "| OpenSent "),
    ("stale", {"state": "active", "last_error": "reset", "last_error_age_s": 5.0, "stale_s": 87.4,
      "families": [family(stale=2), family(stale=1)]},
     "| Active, 3 stale, 87 s |"),
    ("down-is-start", {"state": "idle"}, "| start "),
    ("since-days", {"age_s": 3 * 86400.0}, "| 2025-12-30 "),
    ("ipv6", {"remote_address": "fd00::1"}, "| fd00::1 "),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "expected"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_row(changes: dict[str, Any], expected: str) -> None:
    assert expected in status_text(status(session(**changes)), NOW)


REMARKS = [
    ("not-followed", {"datastore": {"is_connected": False, "is_held": False, "text": "the file is gone",
      "revision": 7, "acted_revision": 7, "age_s": 3600.0}, "intent_from": "disk"},
     "datastore: NOT FOLLOWED since 11:00:00: the file is gone (runs by the last\n"
     "  intent on disk, acted on revision 7)\n"),
    ("held", {"role": "reflector", "datastore": {"is_connected": True, "is_held": True, "text": "it is empty",
      "revision": 7, "acted_revision": 7, "age_s": 86401.0}},
     "datastore: NOT FOLLOWED since 2026-01-01: it is empty; if that is meant, confirm\n"
     "  it: tortie reflector confirm (runs by what was read before, acted on revision\n  7)\n"),
    ("withheld", {"withheld": "no record of node x"}, "not acted on: no record of node x"),
    ("no-speaker-yet", {"speaker": None}, "node kube-node1 is running\n"),
    ("restarted", {"speaker": {"local_as": 1, "router_id": "1.0.0.1", "deferred_families": ["ipv4", "ipv6"]}},
     "restarted: tells nothing of ipv4 and ipv6 before all peers have sent what they have"),
    ("cannot-listen", {"listen_errors": {"10.0.0.1": "cannot listen on 10.0.0.1 port 179: in use"}},
     "cannot listen on 10.0.0.1 port 179: in use"),
    ("kernel-behind", {"kernel": {"is_in_sync": False, "installed": 1, "desired": 3, "pending": 1, "failed_count": 1,
      "last_error": "Operation not permitted"}},
     "kernel: 1 of 3 routes, 1 to be written, 1 refused: Operation not permitted"),
    ("quarantine", {"quarantine": [{"kind": "Node", "name": "n2", "reason": "address 10.0.0.1 is n1's"}]},
     "set aside: Node 'n2': address 10.0.0.1 is n1's"),
    ("long-quarantine", {"quarantine": [{"kind": "BGPPeer", "name": "peer", "reason": "word " * 20}]},
     "set aside: BGPPeer 'peer': word word word word word word word word word word\n  word"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "expected"), [row[1:] for row in REMARKS], ids=[row[0] for row in REMARKS])
def test_remark(changes: dict[str, Any], expected: str) -> None:
    assert expected in status_text(status(**changes), NOW)


DETAILS = [
    ("resets", {"counters": {"down_count": 1}}, "(1 min 1 s), 1 reset\n"),
    ("days", {"age_s": 86400.0 * 3 + 7200}, "Established since 2025-12-30 10:00:00 (3 d 2 h)"),
    ("error", {"last_error": "hold timer expired", "last_error_age_s": 60.0},
     "  last error 2026-01-02 11:59:00: hold timer expired\n"),
    ("add-path", {"families": [family(add_path="receive")]}, "0 sent; add-path receive\n"),
    ("stale", {"families": [family(stale=2)]}, "0 sent, 2 stale\n"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "expected"), [row[1:] for row in DETAILS], ids=[row[0] for row in DETAILS])
def test_detail(changes: dict[str, Any], expected: str) -> None:
    assert expected in status_text(status(session(**changes)), NOW)


@pytest.mark.parametrize(
    ("up", "down", "shows_all", "shown"),
    [
        (SESSIONS_SHOWN_MAX, 0, False, SESSIONS_SHOWN_MAX),
        (SESSIONS_SHOWN_MAX - 1, 1, False, SESSIONS_SHOWN_MAX),
        (SESSIONS_SHOWN_MAX, 1, False, 1),
        (SESSIONS_SHOWN_MAX + 1, 0, False, 0),
        (SESSIONS_SHOWN_MAX + 1, 0, True, SESSIONS_SHOWN_MAX + 1),
    ],
)
def test_of_many_sessions_those_that_are_up_are_counted(up: int, down: int, shows_all: bool, shown: int) -> None:
    sessions = [session(remote_address=f"10.0.0.{number}") for number in range(up)]
    sessions += [session(remote_address=f"10.0.1.{number}", state="active") for number in range(down)]
    text = status_text(status(*sessions), NOW, shows_all=shows_all)
    assert text.count("| 10.0.") == shown
    assert f"{up + down} sessions: {up} Established" in text
    assert ("--all" in text) is (shown < up + down)
    assert ("All 31 peers are up." in text) is (shown == 0)
