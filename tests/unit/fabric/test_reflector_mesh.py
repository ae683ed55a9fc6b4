"""Tests of tortie.fabric.reflector_mesh: reference B, rule 1."""

import pytest

from support.fabric import configuration, fabric, node, reflector, remotes, session_with
from tortie.fabric import reflector_intent
from tortie.model import Resource

V4 = [reflector(f"10.0.0.{number}", "1.0.0.1") for number in (9, 10, 11)]
V6 = [reflector(f"fd00::{number}", "1.0.0.1") for number in (9, 10)]


@pytest.mark.parametrize(
    ("resources", "ip6", "expected"),
    [
        pytest.param(V4, None, ["10.0.0.10", "10.0.0.11"], id="every other of the family, not itself"),
        pytest.param([*V4, *V6], None, ["10.0.0.10", "10.0.0.11"], id="not of the other family"),
        pytest.param([*V4, *V6], "fd00::9", ["10.0.0.10", "10.0.0.11", "fd00::10"], id="both families"),
        pytest.param([*V4, V6[1]], "fd00::9", ["10.0.0.10", "10.0.0.11"], id="no own IPv6 record"),
        pytest.param(V4[1:], None, [], id="without an own record it stands alone"),
        pytest.param([V4[0]], None, [], id="the only one"),
    ],
)
def test_who_is_in_the_mesh(resources: list[Resource], ip6: str | None, expected: list[str]) -> None:
    assert remotes(reflector_intent(fabric(*resources), "10.0.0.9", ip6)) == expected


@pytest.mark.rfc("4456", "4")
def test_a_session_between_reflectors() -> None:
    whole = fabric(*V4, configuration(asNumber=65000))
    session = session_with(reflector_intent(whole, "10.0.0.9"), "10.0.0.10")
    assert (session.local_as, session.peer_as) == (65000, 65000)
    assert not session.is_client, "reflectors are non-client peers of one another"
    assert not session.passive, "both ends dial"
    assert (session.roles, session.port) == (("reflector-mesh",), 179)


def test_nodes_that_reflect_are_no_part_of_it() -> None:
    whole = fabric(*V4, node("rr", "10.0.0.50", cluster_id="1.0.0.1"))
    assert "10.0.0.50" not in remotes(reflector_intent(whole, "10.0.0.9"))
