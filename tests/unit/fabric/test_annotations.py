"""Options of sessions in annotations: what is read, what is refused, and what follows for sessions."""

import json
from typing import Any

import pytest

from support.fabric import configuration, fabric, node, peer, reasons, reflector, remotes, session_with
from tortie.fabric import annotation_problem, node_intent, reflector_intent
from tortie.fabric.annotations import read_add_path, read_families
from tortie.fabric.quarantine import RecordUnusable
from tortie.model import load_manifests
from tortie.model.config_names import IPIP_ANNOTATION

N1, N2 = node("n1", "10.0.0.1", "fd00::1"), node("n2", "10.0.0.2", "fd00::2")
V4_ONLY = node("n3", "10.0.0.3")
RR = "10.0.0.8"


@pytest.mark.parametrize(
    ("text", "families"),
    [
        (None, None),
        ("ipv4", ("ipv4",)),
        ("ipv6", ("ipv6",)),
        ("ipv4,ipv6", ("ipv4", "ipv6")),
        (" ipv6 , ipv4 ", ("ipv4", "ipv6")),
    ],
)
def test_families(text: str | None, families: tuple[str, ...] | None) -> None:
    assert read_families({} if text is None else {"tortie/families": text}) == families


@pytest.mark.parametrize("text", ["", "ipv5", "ipv4,", "ipv4,ipv4", "ipv4 ipv6", "IPv4"])
def test_families_that_are_none(text: str) -> None:
    with pytest.raises(RecordUnusable, match=r"metadata\.annotations\.tortie/families: .*expected ipv4, ipv6 or both"):
        read_families({"tortie/families": text})


@pytest.mark.parametrize("text", ["off", "receive", "send", "both"])
def test_add_path(text: str) -> None:
    assert read_add_path({"tortie/add-path": text}) == text


def test_add_path_that_is_none() -> None:
    assert read_add_path({}) is None
    with pytest.raises(RecordUnusable, match="tortie/add-path: 'on': expected off, receive, send, both"):
        read_add_path({"tortie/add-path": "on"})


# ---------------------------------------------------------------- families


def both(name: str = "default") -> Any:  # noqa: ANN401 - a resource
    return configuration(name, annotations={"tortie/families": "ipv4,ipv6"})


def test_one_session_for_both_has_the_filter_of_both() -> None:
    intent = node_intent(fabric(N1, N2, both()), "n1")
    assert remotes(intent) == ["10.0.0.2"]
    session = session_with(intent, "10.0.0.2")
    assert session.families == ("ipv4", "ipv6")
    assert not session.export_filter.default_accept


def test_a_node_carries_what_it_has_an_address_of() -> None:
    found = fabric(N1, V4_ONLY, both())
    assert session_with(node_intent(found, "n3"), "10.0.0.1").families == ("ipv4",)
    assert session_with(node_intent(found, "n1"), "10.0.0.3").families == ("ipv4", "ipv6")


def test_a_record_before_the_default() -> None:
    own = peer("own", "10.0.0.2", annotations={"tortie/families": "ipv4"})
    intent = node_intent(fabric(N1, N2, both(), own), "n1")
    assert session_with(intent, "10.0.0.2").families == ("ipv4",)


def test_both_ends_of_a_selector_meet_over_the_same_addresses() -> None:
    by_selector = peer("s", peerSelector="all()", nodeSelector="all()", annotations={"tortie/families": "ipv4,ipv6"})
    found = fabric(N1, N2, V4_ONLY, configuration(nodeToNodeMeshEnabled=False), by_selector)
    assert remotes(node_intent(found, "n1")) == ["10.0.0.2", "10.0.0.3"]
    assert remotes(node_intent(found, "n2")) == ["10.0.0.1", "10.0.0.3"]


def test_one_family_by_selector_is_over_its_own_addresses() -> None:
    by_selector = peer("s", peerSelector="all()", annotations={"tortie/families": "ipv6"})
    found = fabric(N1, N2, V4_ONLY, configuration(nodeToNodeMeshEnabled=False), by_selector)
    assert remotes(node_intent(found, "n1")) == ["fd00::2"]
    assert remotes(node_intent(found, "n3")) == []


def test_a_family_that_a_node_has_no_address_of_is_passed_over() -> None:
    """IPv6 over the IPv4 address of somebody: n3 has no IPv6 next hop to tell."""
    there = peer("there", "10.0.0.200", annotations={"tortie/families": "ipv6"})
    found = fabric(N1, V4_ONLY, configuration(nodeToNodeMeshEnabled=False), there)
    assert session_with(node_intent(found, "n1"), "10.0.0.200").families == ("ipv6",)
    assert remotes(node_intent(found, "n3")) == []


def test_a_reflector_carries_all_that_are_named() -> None:
    to_rr = peer("rr", RR, annotations={"tortie/families": "ipv4,ipv6"})
    found = fabric(N1, configuration(nodeToNodeMeshEnabled=False), reflector(RR, "1.0.0.1"), to_rr)
    assert session_with(reflector_intent(found, RR), "10.0.0.1").families == ("ipv4", "ipv6")


# ---------------------------------------------------------------- what cannot be obeyed


@pytest.mark.parametrize("name", ["tortie/families", "tortie/add-path"])
def test_a_peer_with_a_bad_annotation_is_set_aside(name: str) -> None:
    found = fabric(N1, N2, peer("bad", RR, annotations={name: "x"}))
    assert f"metadata.annotations.{name}: 'x': expected" in reasons(found)["BGPPeer", "bad"]
    assert RR not in remotes(node_intent(found, "n1"))


@pytest.mark.parametrize("name", ["tortie/families", "tortie/add-path"])
def test_a_bad_annotation_of_the_default_takes_out_itself(name: str) -> None:
    found = fabric(N1, N2, configuration(listenPort=1790, annotations={name: "x"}))
    assert "as if there were no such annotation" in reasons(found)["BGPConfiguration", "default"]
    assert not found.settings.is_default_usable, "agents that run keep what they do"
    session = session_with(node_intent(found, "n1"), "10.0.0.2")
    assert (session.port, session.families, session.add_path) == (1790, ("ipv4",), "off")


def test_families_of_one_node_alone_are_refused() -> None:
    found = fabric(N1, N2, both("node.n1"))
    assert "only the default and BGPPeers can say it" in reasons(found)["BGPConfiguration", "node.n1"]
    assert found.settings.is_default_usable
    assert remotes(node_intent(found, "n1")) == ["10.0.0.2", "fd00::2"]


def test_two_records_that_differ() -> None:
    one = peer("a", RR, annotations={"tortie/add-path": "send"})
    other = peer("b", RR, annotations={"tortie/add-path": "receive"})
    intent = node_intent(fabric(N1, one, other), "n1")
    assert session_with(intent, RR).add_path == "send"
    assert (
        "metadata.annotations.tortie/add-path: receive: on node 'n1' expected send" in reasons(intent)["BGPPeer", "b"]
    )


def test_a_reflectors_own_word_before_the_default() -> None:
    settings = configuration(nodeToNodeMeshEnabled=False, annotations={"tortie/add-path": "both"})
    found = fabric(N1, settings, reflector(RR, "1.0.0.1"), peer("rr", RR))
    assert session_with(reflector_intent(found, RR), "10.0.0.1").add_path == "both"
    assert session_with(reflector_intent(found, RR, None, "send"), "10.0.0.1").add_path == "send"


def test_a_bad_word_of_one_node_is_that_nodes_alone() -> None:
    found = fabric(N1, N2, configuration("node.n1", listenPort=1790, annotations={"tortie/add-path": "x"}))
    assert ("BGPConfiguration", "node.n1") in reasons(found)
    assert found.settings.is_default_usable
    assert session_with(node_intent(found, "n2"), "10.0.0.1").port == 1790


@pytest.mark.parametrize(
    ("annotations", "problem"),
    [
        ({}, None),
        ({"tortie/families": "ipv6,ipv4", "tortie/add-path": "receive", "example.com/add-path": "x"}, None),
        (
            {"tortie/add-path": "sideways"},
            "metadata.annotations.tortie/add-path: 'sideways': expected off, receive, send, both",
        ),
        (
            {"tortie/addpath": "both"},
            "metadata.annotations.tortie/addpath: 'both': expected an annotation of this kind: "
            "tortie/families, tortie/add-path",
        ),
    ],
)
def test_what_is_said_to_who_writes_them(annotations: dict[str, str], problem: str | None) -> None:
    text = {"peerIP": RR, "asNumber": 64512}
    (written,) = load_manifests(
        json.dumps(
            {
                "apiVersion": "projectcalico.org/v3",
                "kind": "BGPPeer",
                "metadata": {"name": "rr", "annotations": annotations},
                "spec": text,
            }
        ),
        "test",
    )
    assert annotation_problem(written) == problem


def test_what_config_set_writes_is_known() -> None:
    assert annotation_problem(configuration("default", annotations={IPIP_ANNOTATION: "true"})) is None
    assert annotation_problem(N1) is None
