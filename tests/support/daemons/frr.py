"""FRR's bgpd.

What it is for: its configuration, commands and output. What it is NOT for: the others. To know first: `FRR`.
"""

import json
import shutil
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
    aggregator_of,
    family_of,
    first_missing,
    numbers,
    output_of,
)

FRR_CRASH_LOGS: Final = Path("/var/tmp/frr")


class FRR(Daemon):
    """FRR's bgpd without zebra. `coalesce-time 1` and no advertisement interval, or it waits for seconds."""

    name = "FRR"
    package = "frr"
    not_offered = MappingProxyType(
        {
            "unknown/client": "it does not show attributes that it does not know; it passes them on",
            "2-octet AS": "it can only leave out all capabilities (IPv6 too), and writes 4-octet AS numbers even then",
        }
    )
    _program = "/usr/lib/frr/bgpd"

    @classmethod
    def missing(cls) -> str | None:
        """See Daemon."""
        return first_missing(cls._program, "vtysh")

    @classmethod
    def version(cls) -> str:
        """See Daemon."""
        return output_of(cls._program, "--version").split()[2]

    def _start(self, plan: SpeakerPlan) -> None:
        (self.folder / "conf").write_text("\n".join(self._lines(plan)) + "\n")
        files = ["-f", str(self.folder / "conf"), "--vty_socket", str(self.folder), "-i", str(self.folder / "pid")]
        bind = ["-l", plan.address, "-p", str(BGP_PORT)]
        self._run(self._program, "--no_kernel", "--no_zebra", "--skip_runas", *bind, *files, "-P", "0")

    def _end(self, how: signal.Signals) -> None:
        process = self._process
        super()._end(how)
        if process is not None:
            remove_frr_crash_logs(process.pid)

    def is_ready(self) -> bool:
        """See Daemon."""
        return "routerId" in self._show("summary json")

    def routes(self) -> dict[str, ForeignRoute]:
        """See Daemon."""
        best = {
            prefix: path
            for family in self._told.next_hops
            for prefix, paths in self._paths(family).items()
            for path in paths
            if path.get("bestpath") and path["peer"]["peerId"] not in ("0.0.0.0", "::")
        }
        return {prefix: _frr_route(path) for prefix, path in best.items()}

    def next_hops(self, prefix: str) -> list[str]:
        """See Daemon."""
        answer = self._show(f"{prefix} json", family_of(prefix))  # the table's `detail` leaves next hops out here
        paths = json.loads(answer).get("paths", ()) if answer else ()
        return sorted(_frr_route(path).next_hop for path in paths)

    def _paths(self, family: str) -> dict[str, list[dict[str, Any]]]:
        answer = self._show("json detail", family)
        tables = json.loads(answer)["routes"] if answer else {}
        return {prefix: paths if isinstance(paths, list) else paths["paths"] for prefix, paths in tables.items()}

    def established(self) -> list[str]:
        """See Daemon."""
        answer = self._show("summary json")
        peers = json.loads(answer).get("peers", {}) if answer else {}
        return [address for address, peer in peers.items() if peer["state"] == "Established"]

    def set_prefixes(self, prefixes: tuple[str, ...]) -> None:
        """See Daemon."""
        old, self.plan = self._told.prefixes, replace(self._told, prefixes=prefixes)
        place = ["configure terminal", f"router bgp {self._told.asn}"]
        for family in self._told.next_hops:
            gone = [f"no network {each}" for each in old if each not in prefixes and family_of(each) == family]
            new = [
                f"network {each} route-map own" for each in prefixes if each not in old and family_of(each) == family
            ]
            self._vtysh(*place, f"address-family {family} unicast", *gone, *new)

    def ask_refresh(self, neighbour: str) -> None:
        """See Daemon."""
        self._vtysh(f"clear bgp {neighbour} soft in")

    def reset(self, neighbour: str) -> None:
        """See Daemon."""
        self._vtysh(f"clear bgp {neighbour}")

    def _show(self, what: str, family: str = "") -> str:
        return self._vtysh(f"show bgp {family or self._told.family} unicast {what}")

    def _vtysh(self, *lines: str) -> str:
        words = [word for line in lines for word in ("-c", line)]
        return self._ask("vtysh", "--vty_socket", str(self.folder), "-d", "bgpd", *words)

    def _lines(self, plan: SpeakerPlan) -> list[str]:
        lines = ["log stdout", "route-map own permit 10", f" set metric {plan.med}", f" set community {plan.community}"]
        lines += [f" set extcommunity rt {plan.community}", f" set large-community {plan.large_community}"]
        if len(plan.next_hops) > 1:
            lines += [f" set ip next-hop {plan.next_hops['ipv4']}"]
            lines += [f" set ipv6 next-hop global {plan.next_hops['ipv6']}"]
        lines += ["exit", f"router bgp {plan.asn}", f" bgp router-id {plan.router_id}", " coalesce-time 1"]
        lines += [" no bgp default ipv4-unicast", " no bgp ebgp-requires-policy", " no bgp network import-check"]
        if any(each.has_restart for each in plan.neighbours):
            lines += [" bgp graceful-restart", " bgp graceful-restart preserve-fw-state"]
        if plan.cluster_id is not None:
            lines.append(f" bgp cluster-id {plan.cluster_id}")
        for neighbour in plan.neighbours:
            head = f" neighbor {neighbour.address}"
            lines += [f"{head} remote-as {neighbour.asn}", f"{head} update-source {plan.address}"]
            lines += [f"{head} timers connect 1", f"{head} advertisement-interval 0"]
            lines += [f"{head} passive"] if neighbour.is_passive else []
            lines += [f"{head} password {neighbour.password}"] if neighbour.password else []
            lines += [f"{head} ttl-security hops {neighbour.hops}"] if neighbour.hops else []
            lines += [f"{head} disable-connected-check"] if neighbour.asn != plan.asn else []
            lines += [f"{head} dont-capability-negotiate"] if neighbour.is_two_octet else []
        for family in plan.next_hops:
            lines += self._family_lines(plan, family)
        return lines

    def _family_lines(self, plan: SpeakerPlan, family: str) -> list[str]:
        lines = [f" address-family {family} unicast"]
        lines += [f"  network {prefix} route-map own" for prefix in plan.prefixes_of(family)]
        for neighbour in plan.neighbours:
            head = f"  neighbor {neighbour.address}"
            lines.append(f"{head} activate")
            lines += [f"{head} route-reflector-client"] if neighbour.is_client else []
            lines += [f"{head} addpath-tx-all-paths"] if neighbour.has_add_path else []
        return [*lines, " exit-address-family"]


def _frr_route(path: dict[str, Any]) -> ForeignRoute:
    hops = [hop["ip"] for hop in path["nexthops"] if hop.get("scope") != "link-local"]
    return ForeignRoute(
        next_hop=hops[0],
        as_path=numbers(path["aspath"]["string"]),
        local_pref=path.get("locPrf"),
        med=path.get("metric"),
        originator_id=path.get("originatorId"),
        cluster_list=tuple(path.get("clusterList", {}).get("list", ())),
        communities=tuple(path.get("community", {}).get("list", ())),
        route_targets=tuple(path.get("extendedCommunity", {}).get("string", "").replace("RT:", "").split()),
        large_communities=tuple(path.get("largeCommunity", {}).get("list", ())),
        aggregator=aggregator_of(f"{path.get('aggregatorAs')} {path.get('aggregatorId')}"),
        is_atomic=bool(path.get("atomicAggregate")),
    )


def remove_frr_crash_logs(pid: int) -> None:
    """Remove what a bgpd leaves in a folder that no option of it names."""
    shutil.rmtree(FRR_CRASH_LOGS / f"bgpd.{pid}", ignore_errors=True)
    with suppress(OSError):  # others may run
        FRR_CRASH_LOGS.rmdir()
