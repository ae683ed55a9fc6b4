"""A folder of cases of Calico's own per-node generator, compared with our planner, case by case.

Compared are models, not text: sessions with every option that upstream knows, static routes, blackholes, own blocks,
local AS, router id, port, ignored interfaces; and of filters what they do with probe routes. Which end dials and what a
session says of next hops by default differ on purpose and are not compared: rows of docs/deviations.md. Planned is as
for a speaker that can do everything (`able_fabric`): what today's cannot is set aside by one list.

`python -m support.conformance DIR`, as `scripts/conformance DIR` runs it, prints how many cases pass. What it is NOT
for: the corpus's own tests (`tests/unit/fabric/test_corpus.py`). Structure to know: `CASE_DEVIATIONS`.
"""

import json
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

from support.fabric import able_fabric, block, endpoint
from support.probe_routes import check_filters
from tortie.fabric import NodeIntent, SessionIntent, node_intent, router_id_of_name
from tortie.model import BGPPeer, Resource
from tortie.model.manifest import load_manifests
from tortie.model.v1.dump import keys_of_dump
from tortie.model.v1.etcd2 import from_etcd2

LEGACY: Final = "legacy-v2.6/"
LEGACY_NODE: Final = "kube-master"

CASE_DEVIATIONS: Final = {
    "mesh_password": "secret-fail-closed",
    "password": "secret-fail-closed",
}
"""Case → the row of docs/deviations.md that is seen in it; all else of the case is compared."""


@cache
def read_json(path: Path) -> Any:  # noqa: ANN401 - any JSON value
    return json.loads(path.read_text(encoding="utf-8"))


def shown(session: SessionIntent) -> dict[str, object]:
    """What is compared of a session, in the corpus's words."""
    return {
        "neighbor": session.remote_address,
        "port": session.port,
        "as": session.peer_as,
        "local_as": session.local_as,
        "source": session.local_address,
        "rr_client": session.is_client,
        "next_hop": session.next_hop_mode,
        "hops": session.ttl_security_hops,
        "allow_local_as": session.allowed_local_as_count,
        "gr_time": session.restart_time_s,
        "keepalive": session.keepalive_time_s,
    }


def expected(item: dict[str, Any], intent: NodeIntent) -> dict[str, object]:
    """What the corpus says of a session; what it leaves to BIRD or to the node's template is filled in."""
    is_checked = item.get("ttl_security") == "on"
    default = "self" if intent.cluster_id is None else "auto"
    return {
        "neighbor": item["neighbor"],
        "port": item["port"] or 179,
        "as": item["as"],
        "local_as": item["local_as"] or intent.local_as,
        "source": item["source"],
        "rr_client": item["rr_client"],
        "next_hop": item["next_hop"] or default,
        "hops": item["multihop"] if is_checked else None,
        "allow_local_as": item["allow_local_as"] or 0,
        "gr_time": item["gr_time"],
        "keepalive": item["keepalive"],
    }


def sessions_in(golden: dict[str, Any]) -> list[dict[str, Any]]:
    return [item for family in ("v4", "v6") for item in (golden[family] or {}).get("sessions", ())]


def sessions_of(intent: NodeIntent) -> set[tuple[str, int, int]]:
    return {(item.remote_address, item.port, item.peer_as) for item in intent.sessions}


def sessions_expected(golden: dict[str, Any]) -> set[tuple[str, int, int]]:
    return {(item["neighbor"], item.get("port") or 179, item["as"]) for item in sessions_in(golden)}


def check_routes(intent: NodeIntent, aggregation: list[str], static: list[str]) -> None:
    """Compare with the lines of `calico_aggr` and of the static routes."""
    aggregated = {match[1] for line in aggregation if (match := re.match(r"if \( net = (\S+) ", line))}
    blackholed = {match[1] for line in static if (match := re.match(r"(?:route )?(\S+) blackhole", line))}
    assert set(intent.originated) - {each.prefix for each in intent.workloads} == aggregated
    assert set(intent.blackholes) == blackholed


def resources_of(folder: Path, described: dict[str, Any], golden: dict[str, Any]) -> list[Resource]:
    """Return what is in the datastore when a golden was made: the initial manifests, then each change."""
    paths = [*described["initial"], *(step["file"] for step in golden.get("ops", ()) if step["op"] == "upsert")]
    found: dict[tuple[str, str], Resource] = {}
    for path in paths:
        for resource in load_manifests((folder / path).read_text(), path):
            found[resource.kind, resource.name] = resource
    if golden.get("affinities", described["affinities"]) == "standard":
        for item in read_json(folder / "manifest.json")["standard_affinities"]:
            affinity = block(item["node"], item["cidr"], item["state"])
            found[affinity.kind, affinity.name] = affinity
    for name, status in described.get("endpoint_status", {}).items():
        made = _workload(name, described["node"], status)
        found[made.kind, made.name] = made
    return [_by_status(each) if described.get("endpoint_status") else each for each in found.values()]


def _workload(name: str, node: str, status: dict[str, Any]) -> Resource:
    """Return the workload that upstream's status file describes; the file says which BGPPeer was chosen for it."""
    nets = (*status["ipv4Nets"], *status["ipv6Nets"])
    return endpoint(name, node, *nets, interface=status["ifaceName"], labels={"bgpPeerName": status["bgpPeerName"]})


def _by_status(resource: Resource) -> Resource:
    """Return a BGPPeer for local workloads with a selector of those whose status names it."""
    if isinstance(resource, BGPPeer) and resource.spec.local_workload_selector:
        return resource.with_spec(local_workload_selector=f"bgpPeerName == '{resource.name}'")
    return resource


def check_case(folder: Path, case: str) -> None:
    """Raise AssertionError where a case of the folder is not met."""
    if case.startswith(LEGACY):
        check_legacy_case(folder, case.removeprefix(LEGACY))
        return
    described = read_json(folder / "manifest.json")["cases"][case]
    goldens = read_json(folder / "expected_normalised.json")
    for step in described["goldens"]:
        whole = able_fabric(*resources_of(folder, described, step))
        assert whole.quarantine == ()
        intent = node_intent(whole, described["node"])
        assert intent.quarantine == ()
        golden = goldens[step["dir"]]
        check_sessions(intent, golden, step.get("secrets", {}))
        check_node(intent, golden, described["env"])
        check_filters(intent, golden)


def check_legacy_case(folder: Path, case: str) -> None:
    """The same for a case of the document's generation: a dump of etcd v2."""
    golden = read_json(folder / "expected_normalised.json")[f"legacy-v2.6/compiled_templates/{case}"]
    dump = (folder / "legacy-v2.6" / "mock_data" / "etcd" / case / "etcd_data").read_text()
    imported = from_etcd2(keys_of_dump(dump, case))
    assert (imported.passed_over, imported.problems) == ((), ())
    whole = able_fabric(*imported.resources)
    intent = node_intent(whole, LEGACY_NODE)
    assert whole.quarantine == ()
    assert sessions_of(intent) == sessions_expected(golden)
    assert {session.next_hop_mode for session in intent.sessions} == {"self"}
    check_routes(intent, golden["aggr4"]["function calico_aggr ()"], golden["aggr4"]["protocol static"])
    assert golden["v4"]["router_id"] == intent.router_id
    assert f"local as {intent.local_as}" in golden["v4"]["bgp_template"]
    accepted = re.findall(r"net ~ (\S+) ", " ".join(golden["ipam4"]["filter calico_pools"]))
    within = [rule.prefix for rule in intent.sessions[0].export_filter.rules if rule.accept and rule.le is None]
    assert within == accepted


def check_sessions(intent: NodeIntent, golden: dict[str, Any], secrets: dict[str, dict[str, str]]) -> None:
    items = {(item["neighbor"], item["port"] or 179): item for item in sessions_in(golden)}
    assert [shown(one) for one in intent.sessions] == [
        expected(items[one.remote_address, one.port], intent) for one in intent.sessions
    ]
    assert len(items) == len(intent.sessions)
    for session in intent.sessions:
        item = items[session.remote_address, session.port]
        if item["rr_client"]:
            assert item["rr_cluster_id"] == intent.cluster_id
        reference = session.password
        password = reference and secrets.get(reference.name, {}).get(reference.key)
        assert item["password"] == password, "upstream has a session without password where the secret is missing"


def check_node(intent: NodeIntent, golden: dict[str, Any], environment: dict[str, str]) -> None:
    v4 = golden["v4"]
    check_routes(intent, golden["aggr4"]["aggr"], golden["aggr4"]["static"])
    static = [line for family in ("aggr4", "aggr6") for line in golden[family]["static"] if " via " in line]
    assert [f"{route.prefix} via {route.via}" for route in intent.static_routes] == static
    assert intent.local_as == v4["local_as"]
    by_hash = environment.get("CALICO_ROUTER_ID") == "hash"
    assert v4["router_id"] == (router_id_of_name(intent.name) if by_hash else intent.router_id)
    ignored = set(re.findall(r'-"([^"]+)"', v4["direct_interfaces"])) - {"cali*", "kube-ipvs*"}
    assert set(intent.ignored_interfaces) == ignored
    listen = re.fullmatch(r"listen bgp(?: address (\S+))?(?: port (\d+))?", v4.get("listen") or "listen bgp")
    assert listen is not None
    assert intent.listen_port == int(listen[2] or 179)
    assert listen[1] in (None, intent.address_v4)
    if listen[1] is not None:
        assert intent.bind_mode == "NodeIP"


def outcomes(folder: Path) -> Iterator[tuple[str, str | None]]:
    """Yield each case and why it is not met, None = it is."""
    for case in read_json(folder / "manifest.json")["cases"]:
        try:
            check_case(folder, case)
        except AssertionError as problem:
            yield case, str(problem).splitlines()[0] if str(problem) else "differs"
        else:
            yield case, None


def main(arguments: list[str]) -> int:
    """Print the outcome of each case and the counts; 0 where every case passes or differs as intended."""
    if len(arguments) != 1 or not (Path(arguments[0]) / "manifest.json").is_file():
        sys.stderr.write("usage: scripts/conformance DIR, with DIR/manifest.json and DIR/expected_normalised.json\n")
        return 2
    counts = {"passed": 0, "differs": 0, "failed": 0}
    for case, problem in outcomes(Path(arguments[0])):
        row = CASE_DEVIATIONS.get(case)
        if problem is not None:
            word, why = "failed", f": {problem}"
        else:
            word, why = ("passed", "") if row is None else ("differs", f": deviation {row}")
        counts[word] += 1
        sys.stdout.write(f"{word:8} {case}{why}\n")
    sys.stdout.write(f"{counts['passed']} passed, {counts['differs']} differ as intended, {counts['failed']} failed\n")
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
