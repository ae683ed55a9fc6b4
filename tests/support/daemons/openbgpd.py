"""OpenBGPD in its Linux edition.

What it is for: its configuration, commands and output. What it is NOT for: the others. To know first: `OpenBGPD`.
"""

import json
import signal
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from support.daemons.base import (
    BGP_PORT,
    Daemon,
    ForeignRoute,
    SpeakerPlan,
    family_of,
    first_missing,
    numbers,
    output_of,
)


class OpenBGPD(Daemon):
    """OpenBGPD in its Linux edition. It locks its children into the home of its user, which a service would make."""

    name = "OpenBGPD"
    package = "openbgpd"
    keeps_dialling = False
    checks_internal_distance = False
    not_offered = MappingProxyType(
        {
            "it restarts": "it announces the restart capability with a time of 0 s",
            "asked": "it answers no ROUTE-REFRESH, not even BIRD's: it says that the family was not negotiated",
        }
    )
    _program = "/usr/sbin/bgpd"
    _jail = Path("/run/openbgpd")

    @classmethod
    def missing(cls) -> str | None:
        """See Daemon."""
        return first_missing(cls._program, "bgpctl")

    @classmethod
    def version(cls) -> str:
        """See Daemon."""
        return output_of(cls._program, "-V").split()[-1]

    def _start(self, plan: SpeakerPlan) -> None:
        self._jail.mkdir(exist_ok=True)
        file = self.folder / "conf"
        file.touch(mode=0o600)
        file.write_text("\n".join(self._lines(plan)) + "\n")
        self._run(self._program, "-d", "-f", str(file))

    def _end(self, how: signal.Signals) -> None:
        super()._end(how)
        with suppress(OSError):  # a service of this host uses it
            self._jail.rmdir()

    def is_ready(self) -> bool:
        """See Daemon."""
        return bool(self._json("show", "summary"))

    def routes(self) -> dict[str, ForeignRoute]:
        """See Daemon."""
        return {
            path["prefix"]: _openbgpd_route(path)
            for path in self._paths()
            if path.get("best") and path["neighbor"].get("description") != "LOCAL"
        }

    def next_hops(self, prefix: str) -> list[str]:
        """See Daemon."""
        return sorted(_openbgpd_route(path).next_hop for path in self._paths() if path["prefix"] == prefix)

    def _paths(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._json("show", "rib", "detail").get("rib", [])
        return found

    def established(self) -> list[str]:
        """See Daemon."""
        peers = self._json("show", "summary").get("neighbors", [])
        return [peer["remote_addr"] for peer in peers if peer["state"] == "Established"]

    def set_prefixes(self, prefixes: tuple[str, ...]) -> None:
        """See Daemon."""
        plan, self.plan = self._told, replace(self._told, prefixes=prefixes)
        for prefix in plan.prefixes:
            if prefix not in prefixes:
                self._control("network", "delete", prefix)
        for prefix in prefixes:
            if prefix not in plan.prefixes:
                marks = ["metric", str(plan.med), "community", plan.community]
                marks += ["ext-community", "rt", plan.community, "large-community", plan.large_community]
                self._control("network", "add", prefix, *marks)

    def ask_refresh(self, neighbour: str) -> None:
        """See Daemon."""
        self._control("neighbor", neighbour, "refresh")

    def reset(self, neighbour: str) -> None:
        """See Daemon."""
        self._control("neighbor", neighbour, "clear")

    def _control(self, *words: str) -> str:
        return self._ask("bgpctl", "-j", "-s", str(self.folder / "s"), *words)

    def _json(self, *words: str) -> dict[str, Any]:
        answer = self._control(*words)
        found: dict[str, Any] = json.loads(answer) if answer.strip() else {}
        return found

    def _lines(self, plan: SpeakerPlan) -> list[str]:
        lines = [f"AS {plan.asn}", f"router-id {plan.router_id}", f"listen on {plan.address} port {BGP_PORT}"]
        lines += ["fib-update no", "connect-retry 1", f'socket "{self.folder / "s"}"']
        marks = f"metric {plan.med}, community {plan.community}, ext-community rt {plan.community}"
        marks += f", large-community {plan.large_community}"
        for prefix in plan.prefixes:
            next_hop = f", nexthop {plan.next_hops[family_of(prefix)]}" if len(plan.next_hops) > 1 else ""
            lines.append(f"network {prefix} set {{ {marks}{next_hop} }}")
        for neighbour in plan.neighbours:
            lines += [f"neighbor {neighbour.address} {{", f"  remote-as {neighbour.asn}"]
            lines += [f"  local-address {plan.address}"]
            lines += [f"  announce IPv{family[-1]} unicast" for family in plan.next_hops]
            lines += [] if "ipv4" in plan.next_hops else ["  announce IPv4 none"]
            lines += [f"  tcp md5sig password {neighbour.password}"] if neighbour.password else []
            lines += ["  ttl-security yes"] if neighbour.hops else []
            lines += ["  announce add-path recv yes", "  announce add-path send all"] if neighbour.has_add_path else []
            lines += [f"  announce restart {'yes' if neighbour.has_restart else 'no'}"]
            lines += ["  announce as-4byte no"] if neighbour.is_two_octet else []
            lines += ["  passive"] if neighbour.is_passive else []
            lines += [f"  route-reflector {plan.cluster_id}"] if neighbour.is_client else []
            lines += ["  multihop 8"] if neighbour.asn != plan.asn and not neighbour.hops else []
            lines.append("}")
        return [*lines, "allow from any", "allow to any"]


OPENBGPD_UNKNOWN: Final = "Unknown Attribute #"


def _openbgpd_route(path: dict[str, Any]) -> ForeignRoute:
    more = {str(each["type"]): each for each in path.get("attributes", [])}
    unknown = [int(name.removeprefix(OPENBGPD_UNKNOWN)) for name in more if name.startswith(OPENBGPD_UNKNOWN)]
    return ForeignRoute(
        next_hop=path["true_nexthop"],
        as_path=numbers(path["aspath"]),
        local_pref=path.get("localpref"),
        med=path.get("metric"),
        originator_id=more.get("Originator Id", {}).get("originator"),
        cluster_list=tuple(more.get("Cluster Id List", {}).get("cluster_list", ())),
        communities=tuple(path.get("communities", ())),
        unknown=tuple(unknown),
        route_targets=tuple(each.removeprefix("rt ") for each in path.get("extended_communities", ())),
        large_communities=tuple(path.get("large_communities", ())),
        aggregator=_aggregator(more.get("Aggregator", {})),
        is_atomic="Atomic Aggregate" in more,
    )


def _aggregator(shown: dict[str, Any]) -> tuple[int, str] | None:
    return (shown["AS"], shown["router_id"]) if shown else None
