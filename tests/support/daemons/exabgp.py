"""ExaBGP: it announces what it is told to and tells a program what it hears; it keeps no routes and reflects none.

What it is for: its configuration, the program beside it that writes its events into a file and hands it commands from
another, and what these events amount to. What it is NOT for: the others. To know first: `ExaBGP`.
"""

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from support.daemons.base import (
    Daemon,
    ForeignRoute,
    Neighbour,
    SpeakerPlan,
    aggregator_of,
    family_of,
    first_missing,
    output_of,
)

KEEPS_NO_ROUTES: Final = "it keeps no routes, so it has none to reflect or to hold"
UNKNOWN_ATTRIBUTE: Final = "attribute-0x"
PROGRAM: Final = """#!/bin/sh
tail -n +1 -f --pid=$$ "$(dirname "$0")/commands" &
exec cat > "$(dirname "$0")/events"
"""
"""What it runs beside itself: commands come from a file that grows, events go to another."""


class ExaBGP(Daemon):
    """ExaBGP 4: no reflector. Its routes stand in its file at first and are changed by commands."""

    name = "ExaBGP"
    package = "exabgp"
    keeps_dialling = False
    not_offered = MappingProxyType({"reflector": KEEPS_NO_ROUTES, "we restart": KEEPS_NO_ROUTES})

    @classmethod
    def missing(cls) -> str | None:
        """See Daemon."""
        return first_missing("exabgp")

    @classmethod
    def version(cls) -> str:
        """See Daemon."""
        return output_of("exabgp", "--version").split()[2]

    def _start(self, plan: SpeakerPlan) -> None:
        self._file("conf").write_text("\n".join(self._lines(plan)) + "\n")
        self._file("commands").write_text("")
        self._file("events").write_text("")
        self._file("program").write_text(PROGRAM)
        self._file("program").chmod(0o755)
        settings = {"daemon_user": "root", "tcp_bind": plan.address, "api_cli": "false", "api_ack": "false"}
        environment = {f"exabgp_{name}": value for name, value in settings.items()}
        self._run("exabgp", str(self._file("conf")), environment={**os.environ, **environment})

    def is_ready(self) -> bool:
        """See Daemon."""
        return "loaded new configuration successfully" in self.log()

    def routes(self) -> dict[str, ForeignRoute]:
        """See Daemon."""
        return {prefix: path for (prefix, _), path in self._paths().items()}

    def next_hops(self, prefix: str) -> list[str]:
        """See Daemon."""
        return sorted(path.next_hop for (each, _), path in self._paths().items() if each == prefix)

    def established(self) -> list[str]:
        """See Daemon."""
        states = {event["address"]["peer"]: event["state"] for event in self._events() if "state" in event}
        return [address for address, state in states.items() if state == "up"]

    def set_prefixes(self, prefixes: tuple[str, ...]) -> None:
        """See Daemon."""
        plan, self.plan = self._told, replace(self._told, prefixes=prefixes)
        self._command(*(f"withdraw {_route(plan, each)}" for each in plan.prefixes if each not in prefixes))
        self._command(*(f"announce {_route(plan, each)}" for each in prefixes if each not in plan.prefixes))

    def announce_paths(self, prefix: str, next_hops: Iterable[str]) -> None:
        """Announce several paths to one prefix, each with a path identifier of its own (RFC 7911)."""
        route = f"announce route {prefix} path-information 0.0.0."
        self._command(*(f"{route}{number} next-hop {each}" for number, each in enumerate(next_hops, 1)))

    def withdraw_path(self, prefix: str, number: int, next_hop: str) -> None:
        """Take one of several paths back, the first being 1."""
        self._command(f"withdraw route {prefix} path-information 0.0.0.{number} next-hop {next_hop}")

    def ask_refresh(self, neighbour: str) -> None:
        """See Daemon."""
        self._command(*(f"neighbor {neighbour} announce route-refresh {each} unicast" for each in self._told.next_hops))

    def reset(self, neighbour: str) -> None:
        """See Daemon."""
        self._command(f"neighbor {neighbour} teardown 4")

    def _file(self, name: str) -> Path:
        return self.folder / name

    def _command(self, *lines: str) -> None:
        with self._file("commands").open("a") as commands:
            commands.write("".join(f"{line}\n" for line in lines))

    def _events(self) -> Iterator[dict[str, Any]]:
        """Yield what it has told so far about its neighbours; a line that is being written is not there yet.

        It writes control characters of a peer's words as they come, which strict JSON does not have.
        """
        for line in self._file("events").read_text().splitlines(keepends=True):
            if line.endswith("\n") and "neighbor" in (event := json.loads(line, strict=False)):
                yield event["neighbor"]

    def _paths(self) -> dict[tuple[str, str], ForeignRoute]:
        """Return what its events amount to: (prefix, path identifier) → path."""
        paths: dict[tuple[str, str], ForeignRoute] = {}
        for event in self._events():
            if event.get("state") == "down":
                paths.clear()
            update = event.get("message", {}).get("update", {})
            for gone in update.get("withdraw", {}).values():
                for nlri in gone:
                    paths.pop(_key(nlri), None)
            for by_next_hop in update.get("announce", {}).values():
                for next_hop, announced in by_next_hop.items():
                    route = _exabgp_route(next_hop, update["attribute"])
                    paths.update((_key(nlri), route) for nlri in announced)
        return paths

    def _lines(self, plan: SpeakerPlan) -> list[str]:
        lines = ["process watch {", f"  run {self._file('program')};", "  encoder json;", "}"]
        for neighbour in plan.neighbours:
            lines += [f"neighbor {neighbour.address} {{", f"  router-id {plan.router_id};"]
            lines += [f"  local-address {plan.address};", f"  local-as {plan.asn};", f"  peer-as {neighbour.asn};"]
            lines += [f"  md5-password {neighbour.password};"] if neighbour.password else []
            lines += [f"  outgoing-ttl 255; incoming-ttl {256 - neighbour.hops};"] if neighbour.hops else []
            lines += ["  passive true;"] if neighbour.is_passive else []
            lines += [f"  family {{ {' '.join(f'{family} unicast;' for family in plan.next_hops)} }}"]
            lines += ["  capability {", *_capabilities(neighbour), "  }"]
            lines += ["  api { processes [ watch ]; neighbor-changes; receive { parsed; update; } }"]
            lines += ["  static {", *(f"    {_route(plan, prefix)};" for prefix in plan.prefixes), "  }", "}"]
        return lines


def _capabilities(neighbour: Neighbour) -> list[str]:
    lines = ["    route-refresh enable;", f"    asn4 {'disable' if neighbour.is_two_octet else 'enable'};"]
    lines += ["    add-path send/receive;"] if neighbour.has_add_path else []
    lines += ["    graceful-restart 120;"] if neighbour.has_restart else []
    return lines


def _route(plan: SpeakerPlan, prefix: str) -> str:
    marks = f"med {plan.med} community [ {plan.community} ] extended-community [ target:{plan.community} ]"
    marks += f" large-community [ {plan.large_community} ]"
    if plan.as_path:
        marks += f" as-path [ {' '.join(map(str, plan.as_path))} ]"
    return f"route {prefix} next-hop {plan.next_hops[family_of(prefix)]} {marks}"


def _key(nlri: dict[str, Any]) -> tuple[str, str]:
    return nlri["nlri"], nlri.get("path-information", "")


def _exabgp_route(next_hop: str, values: dict[str, Any]) -> ForeignRoute:
    unknown = [int(name.split("-")[1], 16) for name in values if name.startswith(UNKNOWN_ATTRIBUTE)]
    return ForeignRoute(
        next_hop=next_hop,
        as_path=tuple(values.get("as-path", ())),
        local_pref=values.get("local-preference"),
        med=values.get("med"),
        originator_id=values.get("originator-id"),
        cluster_list=tuple(values.get("cluster-list", ())),
        communities=tuple(_joined(values.get("community", ()))),
        unknown=tuple(unknown),
        route_targets=tuple(each["string"].removeprefix("target:") for each in values.get("extended-community", ())),
        large_communities=tuple(_joined(values.get("large-community", ()))),
        aggregator=aggregator_of(values.get("aggregator", "")),
        is_atomic=bool(values.get("atomic-aggregate")),
    )


def _joined(communities: Iterable[Iterable[int]]) -> Iterator[str]:
    return (":".join(map(str, community)) for community in communities)
