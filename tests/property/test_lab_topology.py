"""Topology files with anything in them: a topology, or an error that says where."""

import yaml
from hypothesis import given
from hypothesis import strategies as st

from tortie.lab.errors import TopologyInvalid, TopologyMalformed
from tortie.lab.topology import parse_topology

SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 70000), st.sampled_from(["", "a", "10.0.0.1", "10.0.0.0/24", "fd00::1"])
)
FIELDS = st.sampled_from([
    "name", "as_number", "pools", "lans", "hosts", "peers", "networks", "gateways", "interfaces", "containers", "role",
    "agent", "api", "port", "cidr", "peer_ip", "routes", "lan", "a",
])  # fmt: skip
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(FIELDS, inner, max_size=4)),
    max_leaves=12,
)


SEED_TEXT = (
    "name: seed\npools:\n  - cidr: 192.168.0.0/16\nlans:\n  lan:\n    networks: [10.10.31.0/24]\n"
    "    gateways: [10.10.31.1]\nhosts:\n  kube-node1:\n    interfaces: {lan: 10.10.31.193}\n    containers: 2\n"
    "  node1:\n    role: reflector\n    interfaces: {lan: 10.10.31.168}\n    cluster_id: 1.0.0.1\n    start: manual\n"
)


def refusal(text: str) -> str | None:
    """Return why a text is refused, None if it is a topology; any other error is a defect."""
    try:
        topology = parse_topology(text, "x.yaml")
    except (TopologyInvalid, TopologyMalformed) as error:
        return str(error)
    assert topology.hosts
    return None


@given(st.dictionaries(FIELDS, VALUES, max_size=6))
def test_any_mapping_is_a_topology_or_refused(data: dict[str, object]) -> None:
    assert (refusal(yaml.safe_dump({"name": "x", **data})) or "x.yaml").startswith("x.yaml")


@given(st.text(max_size=60))
def test_any_text_is_a_topology_or_refused(text: str) -> None:
    assert (refusal(text) or "x.yaml").startswith("x.yaml")


@given(
    st.integers(0, len(SEED_TEXT) - 1),
    st.integers(0, 12),
    st.sampled_from(["", "x", ":", "{", "- ", "\n", "7", "10.10.31.193"]),
)
def test_any_damage_to_the_seed_is_a_topology_or_refused(at: int, length: int, put: str) -> None:
    text = SEED_TEXT[:at] + put + SEED_TEXT[at + length :]
    assert (refusal(text) or "x.yaml").startswith("x.yaml")
