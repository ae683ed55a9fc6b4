"""Tests of tortie.fabric.intent: the JSON form and its errors. Round trips of any intent: property tests."""

import json
from typing import Any

import pytest

from support.fabric import (
    SEED_REFLECTOR,
    able_fabric,
    block,
    configuration,
    endpoint,
    fabric,
    node,
    peer,
    pool,
    seed_reflection,
)
from tortie.fabric import (
    DocumentInvalid,
    NodeIntent,
    Quarantined,
    SecretReference,
    StaticRoute,
    node_intent,
    reflector_intent,
)


def full_intent() -> NodeIntent:
    """An intent in which every part has something."""
    resources = [
        *seed_reflection(),
        node("twin", "10.10.31.193", created="2020-01-01T00:00:00Z"),
        pool("pool", "192.168.0.0/16", natOutgoing=True, ipipMode="CrossSubnet"),
        block("kube-node1", "192.168.1.0/26"),
        endpoint("pod", "kube-node1", "192.168.1.5/32", "192.168.9.9/32"),
    ]
    return node_intent(fabric(*resources), "kube-node1")


def test_round_trip() -> None:
    for intent in (full_intent(), reflector_intent(fabric(*seed_reflection()), SEED_REFLECTOR)):
        assert NodeIntent.from_json(intent.to_json()) == intent
        assert NodeIntent.from_dict(json.loads(intent.to_json())) == intent
        assert "\n" not in intent.to_json()


def test_an_intent_of_an_older_version_can_be_read() -> None:
    """It was written before these fields were there; the agent may have to start with it during an outage."""
    content = json.loads(full_intent().to_json())
    for name in ("bind_mode", "static_routes"):
        del content[name]
    for session in content["sessions"]:
        for name in ("password", "ttl_security_hops", "restart_time_s", "keepalive_time_s", "allowed_local_as_count"):
            del session[name]
    assert NodeIntent.from_dict(content) == full_intent()


def test_every_option_of_a_session_comes_back() -> None:
    spec: dict[str, Any] = {
        "password": {"secretKeyRef": {"name": "s", "key": "k"}},
        "ttlSecurity": 3,
        "maxRestartTime": "90s",
        "keepaliveTime": "5s",
        "numAllowedLocalASNumbers": 2,
        "sourceAddress": "None",
        "reachableBy": "10.0.0.254",
    }
    resources = [node("n1", "10.0.0.1"), configuration(bindMode="None"), peer("p", "192.0.2.1", **spec)]
    intent = node_intent(able_fabric(*resources), "n1")
    read = NodeIntent.from_json(intent.to_json())
    assert read == intent
    (session,) = read.sessions
    assert (session.password, session.local_address) == (SecretReference("s", "k"), None)
    assert read.static_routes == (StaticRoute("192.0.2.1/32", "10.0.0.254"),)


def test_every_part_is_in_the_example() -> None:
    intent = full_intent()
    assert all((intent.sessions, intent.originated, intent.blackholes, intent.workloads, intent.pools))
    assert [item.kind for item in intent.quarantine] == ["Node"]


def test_a_filter_stands_once_however_many_sessions_have_it() -> None:
    intent = node_intent(fabric(*(node(f"n{index}", f"10.0.0.{index}") for index in range(1, 101))), "n1")
    content = json.loads(intent.to_json())
    assert len(content["sessions"]) == 99
    assert len(content["filters"]) == 2


def test_equal_intents_have_equal_text() -> None:
    assert full_intent().to_json() == full_intent().to_json()


def changed(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON value
    content: dict[str, Any] = json.loads(full_intent().to_json())
    return content | changes


def with_session(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON value
    content = changed()
    content["sessions"] = [content["sessions"][0] | changes]
    return content


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param({}, "format: missing, expected a whole number from 1 to 1", id="empty"),
        pytest.param(changed(format=2), "format: 2, expected a whole number from 1 to 1", id="other version"),
        pytest.param(changed(kind="switch"), "kind: 'switch', expected one of node, reflector", id="kind"),
        pytest.param(changed(local_as=0), "local_as: 0, expected a whole number from 1 to", id="AS number"),
        pytest.param(changed(listen_port=65536), "listen_port: 65536, expected a whole number", id="port"),
        pytest.param(changed(sessions="none"), "sessions: 'none', expected a list", id="sessions"),
        pytest.param(changed(originated=[1]), "originated[0]: 1, expected text", id="prefix"),
        pytest.param(
            with_session(port=0), "sessions[0].port: 0, expected a whole number from 1 to 65535", id="session port"
        ),
        pytest.param(
            with_session(next_hop_mode="gone"),
            "sessions[0].next_hop_mode: 'gone', expected one of auto, self, keep",
            id="next-hop mode",
        ),
        pytest.param(
            with_session(export_filter=7),
            "sessions[0].export_filter: 7, expected a whole number from 0 to 1",
            id="filter that is not there",
        ),
        pytest.param(changed(bind_mode="all"), "bind_mode: 'all', expected one of NodeIP, None", id="bind mode"),
        pytest.param(
            with_session(restart_time_s=4096),
            "sessions[0].restart_time_s: 4096, expected a whole number from 0 to 4095",
            id="restart time",
        ),
        pytest.param(with_session(password="x"), "sessions[0].password: 'x', expected a mapping", id="password"),
    ],
)
def test_what_cannot_be_read_is_named(content: dict[str, Any], message: str) -> None:
    with pytest.raises(DocumentInvalid) as caught:
        NodeIntent.from_dict(content, "/var/lib/intent.json")
    assert str(caught.value).startswith(f"/var/lib/intent.json: {message}")


@pytest.mark.parametrize("text", ["", "{", "\x00", "[" * 100000, full_intent().to_json()[:-20]], ids=range(5))
def test_a_torn_file_is_an_error_not_a_crash(text: str) -> None:
    with pytest.raises(DocumentInvalid, match=r"^intent\.json: .*JSON"):
        NodeIntent.from_json(text, "intent.json")


def test_quarantined_entries_sort_by_kind_and_name() -> None:
    entries = [Quarantined("Node", "b", "x"), Quarantined("BGPPeer", "z", "x"), Quarantined("Node", "a", "y")]
    assert [entry.name for entry in sorted(entries)] == ["z", "a", "b"]
