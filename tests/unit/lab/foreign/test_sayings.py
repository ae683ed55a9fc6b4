"""What foreign speakers say, read: states of sessions, and the best paths that GoBGP tells."""

import pytest

from tortie.lab.foreign import frr, gobgp
from tortie.lab.foreign.bird import states_by_name
from tortie.lab.foreign.gobgp import BestPath, best_paths

BIRD_2 = """\
BIRD 2.0.12 ready.
Name       Proto      Table      State  Since         Info
device1    Device     ---        up     02:43:03.060
kernel_ipv4 Kernel     master4    up     02:43:03.060
Mesh_10_10_31_11 BGP        ---        up     02:43:03.139  Established
Mesh_10_10_31_13 BGP        ---        start  02:44:37.597  Active        Socket: Connection refused
Mesh_10_10_31_14 BGP        ---        start  02:44:37.597  Idle          BGP Error: Bad peer AS
Mesh_10_10_31_15 BGP        ---        down   2026-11-23
"""
BIRD_1 = """\
BIRD 1.6.8 ready.
name     proto    table    state  since       info
direct1  Direct   master   up     02:43:03
Global_10_10_31_168 BGP      master   up     02:43:03    Established
"""


def test_bird() -> None:
    assert states_by_name(BIRD_2) == {
        "Mesh_10_10_31_11": "established",
        "Mesh_10_10_31_13": "active",
        "Mesh_10_10_31_14": "idle",
        "Mesh_10_10_31_15": "idle",
    }
    assert states_by_name(BIRD_1) == {"Global_10_10_31_168": "established"}
    assert states_by_name("") == {}


@pytest.mark.parametrize(
    ("text", "states"),
    [
        pytest.param("", {}, id="mute"),
        pytest.param("{}", {}, id="no neighbours"),
        pytest.param(
            '{"ipv4Unicast": {"as": 1, "peers": {"10.0.0.1": {"state": "Established"}}},'
            ' "ipv6Unicast": {"peers": {"fd00::1": {"state": "Idle (Admin)"}}}}',
            {"10.0.0.1": "established", "fd00::1": "idle (admin)"},
            id="both families",
        ),
    ],
)
def test_frr(text: str, states: dict[str, str]) -> None:
    assert frr.states_by_address(text) == states


def test_gobgp() -> None:
    neighbors = [
        {"conf": {"neighbor_address": "10.0.0.1"}, "state": {"session_state": 6}},
        {"conf": {"neighbor_address": "fd00::1"}, "state": {"session_state": 3}},
        {"conf": {"neighbor_address": "10.0.0.2"}, "state": {}},
    ]
    assert gobgp.states_by_address(neighbors) == {  # type: ignore[arg-type]  # as JSON gives it
        "10.0.0.1": "established",
        "fd00::1": "active",
        "10.0.0.2": "none",
    }


@pytest.mark.parametrize(
    ("line", "paths"),
    [
        pytest.param("[]\n", [], id="nothing at first"),
        pytest.param("cut off [", [], id="not JSON"),
        pytest.param(
            '[{"nlri":{"prefix":"192.168.5.0/26"},"attrs":[{"type":1,"value":0},{"type":3,"nexthop":"10.0.0.2"}],'
            '"neighbor-ip":"10.0.0.2"}]',
            [BestPath("192.168.5.0/26", "10.0.0.2")],
            id="a route",
        ),
        pytest.param(
            '[{"nlri":{"prefix":"fd00:5::/122"},"attrs":[{"type":14,"nexthop":"fd00::7"}],"neighbor-ip":"10.0.0.2"}]',
            [BestPath("fd00:5::/122", "fd00::7")],
            id="IPv6",
        ),
        pytest.param(
            '[{"nlri":{"prefix":"192.168.5.0/26"},"attrs":[{"type":3,"nexthop":"10.0.0.2"}],"withdrawal":true,'
            '"neighbor-ip":"10.0.0.2"}]',
            [BestPath("192.168.5.0/26", None)],
            id="withdrawn",
        ),
        pytest.param(
            '[{"nlri":{"prefix":"192.168.9.0/26"},"attrs":[{"type":3,"nexthop":"10.0.0.1"}]}]',
            [BestPath("192.168.9.0/26", None)],
            id="its own",
        ),
    ],
)
def test_what_gobgp_monitors(line: str, paths: list[BestPath]) -> None:
    assert best_paths(line) == paths
