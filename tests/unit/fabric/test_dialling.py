"""Tests of tortie.fabric.dialling: the rule for every pair; who follows it is tested in test_peers.py."""

import pytest

from tortie.fabric.dialling import waits


@pytest.mark.rfc("4271", "6.8")
@pytest.mark.parametrize("one", [True, False])
@pytest.mark.parametrize("other", [True, False])
def test_at_least_one_end_dials(one: bool, other: bool) -> None:
    there = waits(is_reflector=one, is_peer_reflector=other)
    back = waits(is_reflector=other, is_peer_reflector=one)
    assert not (there and back)
    assert (there or back) is (one != other), "between equals both dial"
