"""Tests of tortie.fabric.options: filling in and contradictions."""

import pytest

from tortie.fabric.intent import SecretReference
from tortie.fabric.options import PeerOptions

ONE, TWO = SecretReference("s", "one"), SecretReference("s", "two")


@pytest.mark.parametrize(
    ("one", "other", "difference"),
    [
        pytest.param(PeerOptions(), PeerOptions(ttl_security_hops=1), None, id="open"),
        pytest.param(PeerOptions(restart_time_s=1), PeerOptions(restart_time_s=1), None, id="equal"),
        pytest.param(
            PeerOptions(next_hop_mode="keep"),
            PeerOptions(next_hop_mode="self"),
            ("spec.nextHopMode", "Keep", "Self"),
            id="nextHopMode",
        ),
        pytest.param(
            PeerOptions(is_next_hop_kept_outside=True),
            PeerOptions(is_next_hop_kept_outside=False),
            ("spec.keepOriginalNextHop", "true", "false"),
            id="keepOriginalNextHop",
        ),
        pytest.param(
            PeerOptions(is_source_chosen_by_system=True),
            PeerOptions(is_source_chosen_by_system=False),
            ("spec.sourceAddress", "None", "UseNodeIP"),
            id="sourceAddress",
        ),
        pytest.param(
            PeerOptions(password=ONE),
            PeerOptions(password=TWO),
            ("spec.password.secretKeyRef", "set", "the same secret"),
            id="password",
        ),
        pytest.param(
            PeerOptions(keepalive_time_s=5),
            PeerOptions(keepalive_time_s=6),
            ("spec.keepaliveTime", "5", "6"),
            id="a number",
        ),
    ],
)
def test_difference(one: PeerOptions, other: PeerOptions, difference: tuple[str, str, str] | None) -> None:
    assert one.difference(other) == difference


def test_what_is_open_is_filled() -> None:
    filled = PeerOptions(restart_time_s=1).filled_from(PeerOptions(restart_time_s=2, password=ONE))
    assert filled == PeerOptions(restart_time_s=1, password=ONE)


def test_who_says_one_thing_of_next_hops_has_said_all() -> None:
    """nextHopMode overrides keepOriginalNextHop, but not one that a record before asked for."""
    keep, mode = PeerOptions(is_next_hop_kept_outside=True), PeerOptions(next_hop_mode="self")
    assert keep.filled_from(mode) == keep
    assert mode.filled_from(keep) == mode
