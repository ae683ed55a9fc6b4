"""GoBGP.

What it is for: its configuration, commands and output. What it is NOT for: the others. To know first: `GoBGP`.
"""

import json
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

from support.daemons.base import (
    BGP_PORT,
    Daemon,
    ForeignRoute,
    Neighbour,
    SpeakerPlan,
    family_of,
    first_missing,
    output_of,
)


class GoBGP(Daemon):
    """GoBGP: told of neighbours by its file, of routes by its command."""

    name = "GoBGP"
    package = "gobgpd"
    keeps_dialling = False
    not_offered = MappingProxyType(
        {
            "refresh": "softresetin judges again what it keeps, and asks nobody",
            "2-octet AS": "it always announces 4-octet AS numbers",
        }
    )

    @classmethod
    def missing(cls) -> str | None:
        """See Daemon."""
        return first_missing("gobgpd", "gobgp")

    @classmethod
    def version(cls) -> str:
        """See Daemon."""
        return output_of("gobgpd", "--version").split()[-1]

    def _start(self, plan: SpeakerPlan) -> None:
        self.plan = replace(plan, prefixes=())
        self._wanted = plan.prefixes
        document = json.dumps(self._document(plan))
        (self.folder / "conf.json").write_text(document)
        options = ["--graceful-restart"] if self._is_restarting else []
        file = str(self.folder / "conf.json")
        self._run("gobgpd", "-t", "json", "-f", file, "--api-hosts", "127.0.0.1:50051", *options)

    def is_ready(self) -> bool:
        """See Daemon."""
        neighbours = self._json("neighbor")
        if len(neighbours) != len(self._told.neighbours):
            return False
        if self._told.prefixes != self._wanted:
            self.set_prefixes(self._wanted)
        return True

    def routes(self) -> dict[str, ForeignRoute]:
        """See Daemon."""
        learned = {
            prefix: path
            for family in self._told.next_hops
            for prefix, paths in self._paths(family).items()
            for path in paths
            if path.get("best") and path.get("source-id") and path.get("neighbor-ip")
        }
        return {prefix: _gobgp_route(path) for prefix, path in learned.items()}

    def next_hops(self, prefix: str) -> list[str]:
        """See Daemon."""
        return sorted(_gobgp_route(path).next_hop for path in self._paths(family_of(prefix)).get(prefix, ()))

    def _paths(self, family: str) -> dict[str, list[dict[str, Any]]]:
        table = self._json("global", "rib", "-a", family)
        return table if isinstance(table, dict) else {}

    def established(self) -> list[str]:
        """See Daemon."""
        return [
            peer["state"]["neighbor_address"]
            for peer in self._json("neighbor")
            if peer["state"].get("session_state") in (6, "ESTABLISHED")
        ]

    def set_prefixes(self, prefixes: tuple[str, ...]) -> None:
        """See Daemon."""
        old, self.plan, self._wanted = self._told.prefixes, replace(self._told, prefixes=prefixes), prefixes
        plan = self.plan
        marks = ["origin", "igp", "med", str(plan.med), "community", plan.community]
        marks += ["rt", plan.community, "large-community", plan.large_community]
        for prefix in old:
            if prefix not in prefixes:
                self._gobgp("global", "rib", "del", prefix, "-a", family_of(prefix))
        for prefix in prefixes:
            if prefix not in old:
                family = family_of(prefix)
                self._gobgp("global", "rib", "add", prefix, "nexthop", plan.next_hops[family], *marks, "-a", family)

    def ask_refresh(self, neighbour: str) -> None:
        """See Daemon."""
        self._gobgp("neighbor", neighbour, "softresetin", "-a", self._told.family)

    def reset(self, neighbour: str) -> None:
        """See Daemon."""
        # Its own `reset` holds the session down for 30 s, whatever idle-hold-time-after-reset says.
        self._gobgp("neighbor", neighbour, "disable")
        self._gobgp("neighbor", neighbour, "enable")

    def _gobgp(self, *words: str) -> str:
        return self._ask("gobgp", "-u", "127.0.0.1", "-p", "50051", *words)

    def _json(self, *words: str) -> Any:  # noqa: ANN401 - whatever JSON the program prints
        answer = self._gobgp(*words, "-j")
        return json.loads(answer) if answer.strip() else []

    def _document(self, plan: SpeakerPlan) -> dict[str, Any]:
        own = {"as": plan.asn, "router-id": plan.router_id, "port": BGP_PORT, "local-address-list": [plan.address]}
        return {"global": {"config": own}, "neighbors": [self._neighbour(plan, each) for each in plan.neighbours]}

    def _neighbour(self, plan: SpeakerPlan, neighbour: Neighbour) -> dict[str, Any]:
        wanted: dict[str, Any] = {
            "config": {"neighbor-address": neighbour.address, "peer-as": neighbour.asn},
            "transport": {"config": {"local-address": plan.address, "passive-mode": neighbour.is_passive}},
            "timers": {"config": {"connect-retry": 1}},
            "afi-safis": [_gobgp_family(family, neighbour) for family in plan.next_hops],
        }
        if neighbour.password:
            wanted["config"]["auth-password"] = neighbour.password
        if neighbour.hops:
            wanted["ttl-security"] = {"config": {"enabled": True, "ttl-min": 256 - neighbour.hops}}
        if neighbour.has_restart:
            wanted["graceful-restart"] = {
                "config": {"enabled": True, "restart-time": 120, "notification-enabled": True}
            }
        if neighbour.is_client:
            reflector = {"route-reflector-client": True, "route-reflector-cluster-id": plan.cluster_id}
            wanted["route-reflector"] = {"config": reflector}
        if neighbour.asn != plan.asn:
            wanted["ebgp-multihop"] = {"config": {"enabled": True, "multihop-ttl": 8}}
        return wanted


def _gobgp_family(family: str, neighbour: Neighbour) -> dict[str, Any]:
    wanted: dict[str, Any] = {"config": {"afi-safi-name": f"{family}-unicast"}}
    if neighbour.has_add_path:
        wanted["add-paths"] = {"config": {"receive": True, "send-max": 8}}
    if neighbour.has_restart:
        wanted["mp-graceful-restart"] = {"config": {"enabled": True}}
    return wanted


GOBGP_KNOWN: Final = frozenset(range(1, 19)) | {26, 32, 40}


def _gobgp_route(path: dict[str, Any]) -> ForeignRoute:
    values = {attribute["type"]: attribute for attribute in path["attrs"]}
    segments = values.get(2, {}).get("as_paths") or []
    next_hop = path.get("nexthop") or values.get(3, {}).get("nexthop") or values.get(14, {}).get("nexthop")
    return ForeignRoute(
        next_hop=str(next_hop),
        as_path=tuple(number for segment in segments for number in segment["asns"]),
        local_pref=values.get(5, {}).get("value"),
        med=values.get(4, {}).get("metric"),
        originator_id=values.get(9, {}).get("value"),
        cluster_list=tuple(values.get(10, {}).get("value") or ()),
        communities=tuple(f"{each >> 16}:{each & 0xFFFF}" for each in values.get(8, {}).get("communities") or ()),
        unknown=tuple(sorted(values.keys() - GOBGP_KNOWN)),
        route_targets=tuple(each["value"] for each in values.get(16, {}).get("value") or ()),
        large_communities=tuple(
            f"{each['ASN']}:{each['LocalData1']}:{each['LocalData2']}" for each in values.get(32, {}).get("value") or ()
        ),
        aggregator=(values[7]["as"], values[7]["address"]) if 7 in values else None,
        is_atomic=6 in values,
    )
