"""Rules that look at the whole route in BIRD's words, and what BIRD says of them."""

import os
import subprocess
from pathlib import Path

import pytest

from support.daemons import Bird2
from tortie.fabric import FilterIntent, RouteRule
from tortie.fabric.bird.blocks import filter_lines
from tortie.fabric.bird.route_rules import route_rule_line

ROWS = [
    pytest.param({"action": "reject"}, "reject;", id="everything"),
    pytest.param(
        {"action": "accept", "prefix": "10.0.0.0/8", "operator": "NotIn"},
        "if (net !~ 10.0.0.0/8) then { accept; }",
        id="prefix",
    ),
    pytest.param(
        {"action": "accept", "prefix": "10.0.0.0/8", "length_min": 4, "length_max": 24},
        "if (net ~ [ 10.0.0.0/8{8,24} ]) then { accept; }",
        id="length",
    ),
    pytest.param(
        {"action": "accept", "prefix": "10.0.0.0/8", "operator": "NotEqual", "length_min": 4},
        "if (net !~ [ 10.0.0.0/8{8,8} ]) then { accept; }",
        id="length, not equal",
    ),
    pytest.param(
        {"action": "accept", "prefix": "10.0.0.0/8", "length_max": 4},
        "if (false) then { accept; }",
        id="bounds that no prefix meets",
    ),
    pytest.param(
        {"action": "reject", "is_learned": True, "interface": "eth*"},
        'if (source = RTS_BGP) && (defined(ifname) && ifname ~ "eth*") then { reject; }',
        id="source and interface",
    ),
    pytest.param(
        {"action": "reject", "community": "65000:1:2", "as_path": (1, 2), "priority": 100},
        "if ((65000, 1, 2) ~ bgp_large_community) && (bgp_path ~ [= 1 2 * =]) && "
        "(defined(bgp_local_pref) && bgp_local_pref = 2147483547) then { reject; }",
        id="community, AS path, priority",
    ),
    pytest.param(
        {"action": "next", "prefix": "10.0.0.0/8", "add_communities": ("1:2", "1:2:3")},
        "if (net ~ 10.0.0.0/8) then { bgp_community.add((1, 2)); bgp_large_community.add((1, 2, 3)); }",
        id="communities that go with a prefix",
    ),
    pytest.param(
        {"action": "accept", "prepend": (1, 2), "set_priority": 5},
        "bgp_path.prepend(2); bgp_path.prepend(1); bgp_local_pref = 2147483642; accept;",
        id="changes",
    ),
]


@pytest.mark.parametrize(("fields", "expected"), ROWS)
def test_a_rule(fields: dict[str, object], expected: str, tmp_path: Path) -> None:
    rule = RouteRule(family="ipv4", **fields)  # type: ignore[arg-type]  # fields of the dataclass
    assert route_rule_line(rule) == expected
    if (missing := Bird2.missing()) is not None:
        assert not os.environ.get("CI"), missing
        pytest.skip(f"no {missing}")
    lines = filter_lines("f", FilterIntent((), default_accept=False, route_rules=(rule,)))
    file = tmp_path / "bird.conf"
    file.write_text("router id 192.0.2.1;\nprotocol device {}\n" + "\n".join(lines) + "\n")
    done = subprocess.run(["bird", "-p", "-c", str(file)], capture_output=True, text=True, check=False, timeout=20)
    assert done.stderr == ""
