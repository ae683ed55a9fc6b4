"""Against what Calico's own generator makes of the same records; `support/conformance.py` compares."""

import pytest

from support.conformance import LEGACY, check_case, read_json, resources_of, sessions_in
from support.corpus import corpus_folder
from support.fabric import fabric
from tortie.fabric import node_intent

CASES = (
    "bgpfilter/as_path_and_priority",
    "bgpfilter/export_only/explicit_peer",
    "bgpfilter/export_only/global_peer",
    "bgpfilter/filter_names",
    "bgpfilter/import_only/global_peer",
    "bgpfilter/large_community",
    "bgpfilter/match_interface",
    "bgpfilter/multi_filter/global_peer",
    "bgpfilter/node_mesh",
    "bgpfilter/peer_type",
    "bgpfilter/single_filter/explicit_peer",
    "bgpfilter/v4_only/global_peer",
    "bgpfilter/v6_only/explicit_peer",
    "bgpfilter/v6_only/global_peer",
    "cluster_routes/ipip-only",
    "cluster_routes/noencap-only",
    "explicit_peering/global",
    "explicit_peering/local-as",
    "explicit_peering/local-as-global",
    "explicit_peering/local-as-ipv6",
    "explicit_peering/route_reflector",
    "explicit_peering/route_reflector_v6_by_ip",
    "explicit_peering/selectors",
    "explicit_peering/specific_node",
    "felix_cluster_routing",
    "ignored_interfaces",
    "local_bgp_peer",
    "mesh/bgp-export",
    "mesh/hash",
    "mesh/ipip-always",
    "mesh/ipip-cross-subnet",
    "mesh/vxlan-always",
    "mesh_password",
    "next_hop_mode/global_peers",
    "node_deletion",
    "password",
    "reachable_by/route_reflectors",
    "reverse_peering/manual",
    "ttl_security/explicit_node",
    "ttl_security/peer_selector",
)
SECRET_CASES = ("mesh_password", "password")
"""Differ on purpose where a secret is missing: deviation `secret-fail-closed`."""
WAITING = {
    "mesh/static-routes": "announcing services",
}
"""Beginning of the case's name → what it waits for."""
LEGACY_CASES = ("explicit_peering/specific_node", "mesh/ipip-always", "mesh/ipip-off")


@pytest.mark.parametrize("case", CASES)
def test_as_upstream(case: str) -> None:
    check_case(corpus_folder("confd"), case)


@pytest.mark.parametrize("case", LEGACY_CASES)
def test_as_the_seeds_generation(case: str) -> None:
    check_case(corpus_folder("confd"), LEGACY + case)


def test_sessions_with_a_node_that_goes() -> None:
    folder = corpus_folder("confd")
    described = read_json(folder / "manifest.json")["cases"]["node_deletion"]
    resources = resources_of(folder, described, {})
    rest = [item for item in resources if (item.kind, item.name) != ("Node", "node3")]
    counts = [len(node_intent(fabric(*items), described["node"]).sessions) for items in (resources, rest)]
    assert counts == [item["count"] for item in described["expect_ipv4_session_count"]]


@pytest.mark.parametrize("case", SECRET_CASES)
def test_no_session_loses_its_password_with_the_secret(case: str) -> None:
    """Deviation `secret-fail-closed`: without the secret upstream's session has no password, ours has the reference."""
    folder = corpus_folder("confd")
    described = read_json(folder / "manifest.json")["cases"][case]
    goldens = read_json(folder / "expected_normalised.json")
    unprotected = 0
    for step in described["goldens"]:
        intent = node_intent(fabric(*resources_of(folder, described, step)), described["node"])
        items = {(item["neighbor"], item["port"] or 179): item for item in sessions_in(goldens[step["dir"]])}
        for session in intent.sessions:
            if session.password is not None:
                unprotected += items[session.remote_address, session.port]["password"] is None
    assert unprotected, "the case shows what upstream does without the secret"


def test_every_case_is_met_or_waits_for_something_that_is_named() -> None:
    cases = set(read_json(corpus_folder("confd") / "manifest.json")["cases"])
    waiting = {case for case in cases if case.startswith(tuple(WAITING))}
    met = {*CASES, *(f"legacy-v2.6/{case}" for case in LEGACY_CASES)}
    assert met | waiting == cases
    assert not met & waiting
