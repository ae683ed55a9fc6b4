"""Tests of tortie.fabric.quarantine: who is set aside, who stays."""

from collections.abc import Sequence

import pytest

from support.fabric import endpoint, node, peer
from tortie.fabric.quarantine import Claim, Ledger, by_seniority, full_name, unusable
from tortie.model import Node, Resource

OLD = "2026-01-01T00:00:00Z"
NEW = "2026-01-02T00:00:00Z"


def thing(resource: Node) -> tuple[str, Sequence[Claim]]:
    """Read a node that claims its IPv4 address."""
    address = resource.address_v4 or ""
    return resource.name, [
        Claim(path="spec.x", value=address, expected="a thing of its own", takes=(("thing", address),))
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param({"created": OLD, "uid": "z"}, {"created": NEW, "uid": "a"}, id="earlier creation time"),
        pytest.param({"created": "2026-01-01T00:00:00Z"}, {"created": "2026-01-01T00:00:00.5Z"}, id="half a second"),
        pytest.param({"created": "2026-01-01T01:00:00+01:00"}, {"created": "2026-01-01T00:30:00Z"}, id="zones"),
        pytest.param({"uid": "a", "created": OLD}, {"uid": "b", "created": OLD}, id="then uid"),
        pytest.param({}, {"created": OLD}, id="without creation time counts as older"),
    ],
)
def test_the_incumbent_stays(one: dict[str, str], other: dict[str, str]) -> None:
    incumbent, newcomer = node("zz", "10.0.0.1", **one), node("aa", "10.0.0.1", **other)
    for resources in ([incumbent, newcomer], [newcomer, incumbent]):
        ledger = Ledger()
        assert ledger.admit(resources, thing) == ["zz"]
        (entry,) = ledger.quarantined
        assert (entry.kind, entry.name) == ("Node", "aa")
        assert entry.reason == "spec.x: '10.0.0.1': expected a thing of its own: Node 'zz' has it and is older"


def test_of_equal_age_and_uid_the_name_decides() -> None:
    ledger = Ledger()
    assert ledger.admit([node("b", "10.0.0.1"), node("a", "10.0.0.1")], thing) == ["a"]


def test_who_was_set_aside_holds_nothing() -> None:
    """b loses one of its claims to a, so c gets the other one although b is older."""

    def read(resource: Node) -> tuple[str, Sequence[Claim]]:
        claims = [
            Claim(path="x", value=address, expected="its own", takes=(("thing", address),))
            for address in (resource.address_v4, resource.address_v6)
            if address
        ]
        return resource.name, claims

    resources = [node("a", "10.0.0.1"), node("b", "10.0.0.1", "fd00::1"), node("c", None, "fd00::1")]
    ledger = Ledger()
    assert ledger.admit(resources, read) == ["a", "c"]
    assert [entry.name for entry in ledger.quarantined] == ["b"]


def test_an_unusable_record_holds_nothing_and_is_reported() -> None:
    def read(resource: Node) -> tuple[str, Sequence[Claim]]:
        if resource.name == "a":
            raise unusable("spec.bgp.asNumber", 0, "another AS number")
        return thing(resource)

    ledger = Ledger()
    assert ledger.admit([node("a", "10.0.0.1"), node("b", "10.0.0.1")], read) == ["b"]
    (entry,) = ledger.quarantined
    assert entry.reason == "spec.bgp.asNumber: 0: expected another AS number"


def test_no_matter_of_ours_is_passed_over_without_a_report() -> None:
    ledger = Ledger()
    assert ledger.admit([node("a", "10.0.0.1")], lambda _: None) == []
    assert ledger.quarantined == ()


def test_two_records_of_one_name() -> None:
    ledger = Ledger()
    twins = [node("a", "10.0.0.2", created=NEW), node("a", "10.0.0.1", created=OLD)]
    assert ledger.admit(twins, lambda item: (item.address_v4, [])) == ["10.0.0.1"]
    (entry,) = ledger.quarantined
    assert entry.reason == "metadata.name: 'a': expected a name of its own: Node 'a' has it and is older"


def test_an_exact_copy_is_one_record() -> None:
    assert len(by_seniority([node("a", "10.0.0.1"), node("a", "10.0.0.1")])) == 1


def test_order_of_input_never_decides_even_between_twins() -> None:
    twins: list[Resource] = [peer("a", "10.0.0.1"), peer("a", "10.0.0.2"), peer("a", "10.0.0.3")]
    assert by_seniority(twins) == by_seniority(reversed(twins))


def test_names_of_namespaced_kinds() -> None:
    assert full_name(endpoint("pod", "n1", namespace="web")) == "web/pod"
    assert full_name(node("n1", "10.0.0.1")) == "n1"
