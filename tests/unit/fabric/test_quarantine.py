"""Tests of tortie.fabric.quarantine: who is the incumbent, names, copies."""

from support.fabric import endpoint, node, peer
from tortie.fabric.quarantine import by_seniority, full_name


def test_an_exact_copy_is_one_record() -> None:
    assert len(by_seniority([node("a", "10.0.0.1"), node("a", "10.0.0.1")])) == 1


def test_order_of_input_never_decides_even_between_twins() -> None:
    twins = [peer("a", "10.0.0.1"), peer("a", "10.0.0.2"), peer("a", "10.0.0.3")]
    assert by_seniority(twins) == by_seniority(reversed(twins))


def test_names_of_namespaced_kinds() -> None:
    assert full_name(endpoint("pod", "n1", namespace="web")) == "web/pod"
    assert full_name(node("n1", "10.0.0.1")) == "n1"
