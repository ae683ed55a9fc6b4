"""Tests of tortie.fabric.register: who is admitted and who is set aside, at once and as things change."""

from collections.abc import Sequence

import pytest

from support.fabric import node
from tortie.fabric.quarantine import Claim, unusable
from tortie.fabric.register import Change, Register
from tortie.model import Node

OLD = "2026-01-01T00:00:00Z"
NEW = "2026-01-02T00:00:00Z"


def thing(resource: Node) -> tuple[str, Sequence[Claim]]:
    """Read a node that claims each of its addresses."""
    addresses = [address for address in (resource.address_v4, resource.address_v6) if address]
    return resource.name, [
        Claim(path="spec.x", value=address, expected="a thing of its own", takes=(("thing", address),))
        for address in addresses
    ]


def register_of(*resources: Node) -> Register[Node, str]:
    register = Register[Node, str](thing)
    for index, resource in enumerate(resources):
        register.put(str(index), resource)
    register.settle()
    return register


def admitted(register: Register[Node, str]) -> list[str]:
    return sorted(register.records.values())


def reasons(register: Register[Node, str]) -> dict[str, str]:
    return {item.name: item.reason for item in register.quarantined.values()}


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
        register = register_of(*resources)
        assert admitted(register) == ["zz"]
        text = "spec.x: '10.0.0.1': expected a thing of its own: Node 'zz' has it and is older"
        assert reasons(register) == {"aa": text}


def test_of_equal_age_and_uid_the_name_decides() -> None:
    assert admitted(register_of(node("b", "10.0.0.1"), node("a", "10.0.0.1"))) == ["a"]


def test_who_was_set_aside_holds_nothing() -> None:
    """b loses one of its claims to a, so c gets the other one although b is older."""
    register = register_of(node("a", "10.0.0.1"), node("b", "10.0.0.1", "fd00::1"), node("c", None, "fd00::1"))
    assert admitted(register) == ["a", "c"]
    assert list(reasons(register)) == ["b"]


def test_an_unusable_record_holds_nothing_and_is_reported() -> None:
    def read(resource: Node) -> tuple[str, Sequence[Claim]]:
        if resource.name == "a":
            raise unusable("spec.bgp.asNumber", 0, "another AS number")
        return thing(resource)

    register = Register[Node, str](read)
    register.put("0", node("a", "10.0.0.1"))
    register.put("1", node("b", "10.0.0.1"))
    register.settle()
    assert admitted(register) == ["b"]
    assert reasons(register) == {"a": "spec.bgp.asNumber: 0: expected another AS number"}


def test_no_matter_of_ours_is_passed_over_without_a_report() -> None:
    register = Register[Node, str](lambda _: None)
    register.put("0", node("a", "10.0.0.1"))
    assert register.settle() == []
    assert (register.records, register.quarantined, register.names) == ({}, {}, {("Node", "a")})


def test_two_records_of_one_name() -> None:
    register = register_of(node("a", "10.0.0.2", created=NEW), node("a", "10.0.0.1", created=OLD))
    assert list(register.records) == ["1"]
    assert reasons(register) == {"a": "metadata.name: 'a': expected a name of its own: Node 'a' has it and is older"}


def test_a_claimant_gets_what_an_incumbent_gives_up() -> None:
    """The chain a - b - c hangs together by claims; when its head goes, all of it is judged again."""
    register = register_of(node("a", "10.0.0.1"), node("b", "10.0.0.1", "fd00::1"), node("c", None, "fd00::1"))
    register.put("0", None)
    assert set(register.settle()) == {Change("a", None), Change(None, "b"), Change("c", None)}
    assert admitted(register) == ["b"]
    assert list(reasons(register)) == ["c"]
    register.put("0", node("a", "10.0.0.9"))
    assert register.settle() == [Change(None, "a")]
    assert admitted(register) == ["a", "b"]


def test_an_older_newcomer_takes_over() -> None:
    register = register_of(node("b", "10.0.0.1", created=NEW))
    register.put("1", node("a", "10.0.0.1", created=OLD))
    assert {change.current for change in register.settle()} == {"a", None}
    assert admitted(register) == ["a"]


def test_what_is_the_same_is_no_change() -> None:
    register = register_of(node("a", "10.0.0.1"))
    register.put("0", node("a", "10.0.0.1", "fd00::1"))
    assert register.settle() == []
    assert register.settle() == []


def test_a_resource_is_read_again_when_its_context_changed_and_only_then() -> None:
    context = {"a": 1, "b": 1}
    read: list[str] = []

    def reading(resource: Node) -> tuple[tuple[str, int], Sequence[Claim]]:
        read.append(resource.name)
        return (resource.name, context[resource.name]), ()

    register = Register[Node, tuple[str, int]](reading, lambda resource: context[resource.name])
    for name in context:
        register.put(name, node(name, "10.0.0.1"))
    register.settle()
    context["b"] = 2
    assert register.settle() == []
    assert register.settle(is_context_changed=True) == [Change(("b", 1), ("b", 2))]
    assert read == ["a", "b", "b"]
