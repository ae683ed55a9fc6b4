"""BIRD 2, and BIRD 1.6, the generation of the document.

What it is for: their configuration, commands and output. What it is NOT for: the others. To know first: `Bird2`.
"""

import os
import re
from dataclasses import replace
from types import MappingProxyType

from support.daemons.base import (
    BGP_PORT,
    Daemon,
    ForeignRoute,
    Neighbour,
    SpeakerPlan,
    aggregator_of,
    first_missing,
    numbers,
    output_of,
)


class Bird2(Daemon):
    """BIRD 2: one process, both families."""

    name = "BIRD 2"
    package = "bird2"
    _bind = "strict bind yes;"
    _has_channels = True

    @classmethod
    def missing(cls) -> str | None:
        """See Daemon."""
        return first_missing("bird", "birdc")

    @classmethod
    def version(cls) -> str:
        """See Daemon."""
        return output_of("bird", "--version").split()[-1]

    def _start(self, plan: SpeakerPlan) -> None:
        self._write(plan)
        self._run(*self._command(), *(["-R"] if self._is_restarting else []))

    def is_ready(self) -> bool:
        """See Daemon."""
        return "BIRD" in self._control("show", "status")

    def routes(self) -> dict[str, ForeignRoute]:
        """See Daemon."""
        return bird_routes(self._control("show", "route", "primary", "all"))

    def next_hops(self, prefix: str) -> list[str]:
        """See Daemon."""
        return sorted(re.findall(r"BGP\.next_hop: (\S+)", self._control("show", "route", prefix, "all")))

    def established(self) -> list[str]:
        """See Daemon."""
        names = re.findall(r"^peer(\d+) .* Established", self._control("show", "protocols"), re.MULTILINE)
        return [self._told.neighbours[int(name)].address for name in names]

    def set_prefixes(self, prefixes: tuple[str, ...]) -> None:
        """See Daemon."""
        self._write(replace(self._told, prefixes=prefixes))
        self._control("configure")

    def ask_refresh(self, neighbour: str) -> None:
        """See Daemon."""
        self._control("reload", "in", self._protocol(neighbour))

    def reset(self, neighbour: str) -> None:
        """See Daemon."""
        self._control("restart", self._protocol(neighbour))

    def _command(self) -> list[str]:
        return ["bird", "-f", "-c", str(self.folder / "conf"), "-s", str(self.folder / "control")]

    def _control(self, *words: str) -> str:
        return self._ask("birdc", "-s", str(self.folder / "control"), *words)

    def _protocol(self, neighbour: str) -> str:
        return f"peer{[each.address for each in self._told.neighbours].index(neighbour)}"

    def _write(self, plan: SpeakerPlan) -> None:
        self.plan = plan
        (self.folder / "conf").write_text("\n".join(self._lines(plan)) + "\n")

    def _lines(self, plan: SpeakerPlan) -> list[str]:
        lines = [f"router id {plan.router_id};", "log stderr all;", "protocol device {}"]
        for family in plan.next_hops:
            routes = [f"  route {prefix} unreachable;" for prefix in plan.prefixes_of(family)]
            channel = [f"  {family};"] if self._has_channels else []
            lines += [f"protocol static own_{family} {{", *channel, *routes, "}"]
        for index, neighbour in enumerate(plan.neighbours):
            distance = f"multihop{f' {neighbour.hops}' if neighbour.hops else ''};"
            lines += [
                f"protocol bgp peer{index} {{",
                f"  local {plan.address} as {plan.asn};",
                f"  neighbor {neighbour.address} as {neighbour.asn};",
                f"  {distance} {self._bind} connect delay time 1; connect retry time 1; error wait time 1, 2;",
                *(["  ttl security on;"] if neighbour.hops else []),
                *([f'  password "{neighbour.password}";'] if neighbour.password else []),
                *(["  passive yes;"] if neighbour.is_passive else []),
                *(["  rr client;"] if neighbour.is_client else []),
                *([f"  rr cluster id {plan.cluster_id};"] if neighbour.is_client else []),
                *(["  graceful restart on;"] if neighbour.has_restart else []),
                *(["  enable as4 off;"] if neighbour.is_two_octet else []),
                *self._channels(plan, neighbour),
                "}",
            ]
        return lines

    def _channels(self, plan: SpeakerPlan, neighbour: Neighbour) -> list[str]:
        """Return a channel a family; the next hop of one that is not the session's is to be named."""
        add_paths = "add paths yes; " if neighbour.has_add_path else ""
        return [
            f"  {family} {{ import all; {add_paths}next hop address {address}; {self._export(plan)} }};"
            for family, address in plan.next_hops.items()
        ]

    def _export(self, plan: SpeakerPlan) -> str:
        """Return the export filter; a MED goes to external peers only if it is set here."""
        community, large = plan.community.replace(":", ","), plan.large_community.replace(":", ",")
        marks = f"bgp_med = {plan.med}; bgp_community.add(({community}));"
        marks += f" bgp_ext_community.add((rt,{community})); bgp_large_community.add(({large}));"
        own = f"if source = RTS_STATIC then {{ {marks} accept; }}"
        return f"export filter {{ {own} if source = RTS_BGP then accept; reject; }};"


class Bird1(Bird2):
    """BIRD 1.6, the generation of the document: one process a family. It conflicts with bird2, so it is unpacked.

    TORTIE_BIRD1 names the folder into which the package was unpacked (`dpkg -x`).
    """

    name = "BIRD 1.6"
    package = "bird"
    _bind = ""
    _has_channels = False
    not_offered = MappingProxyType({"both families": "one process carries one family"})

    @classmethod
    def missing(cls) -> str | None:
        """See Daemon."""
        return first_missing(*(cls._program(name) for name in ("bird", "bird6", "birdc", "birdc6")))

    @classmethod
    def version(cls) -> str:
        """See Daemon."""
        return output_of(cls._program("bird"), "--version").split()[-1]

    @staticmethod
    def _program(name: str) -> str:
        return f"{os.environ.get('TORTIE_BIRD1', '/opt/bird1')}/usr/sbin/{name}"

    def _command(self) -> list[str]:
        program = self._program("bird" if self._told.family == "ipv4" else "bird6")
        return [program, *super()._command()[1:]]

    def _control(self, *words: str) -> str:
        program = self._program("birdc" if self._told.family == "ipv4" else "birdc6")
        return self._ask(program, "-s", str(self.folder / "control"), *words)

    def _lines(self, plan: SpeakerPlan) -> list[str]:
        return [f"listen bgp address {plan.address} port {BGP_PORT};", *super()._lines(plan)]

    def _channels(self, plan: SpeakerPlan, neighbour: Neighbour) -> list[str]:
        add_paths = ["  add paths yes;"] if neighbour.has_add_path else []
        return [*add_paths, f"  import all; {self._export(plan)}"]


def bird_routes(text: str) -> dict[str, ForeignRoute]:
    """Return the routes in the output of `show route all`, its own left out."""
    found: dict[str, ForeignRoute] = {}
    for block in re.split(r"\n(?=[0-9a-f])", text):
        head = re.match(r"([0-9a-f.:]+/\d+) .*\[(\w+)", block)
        if head is None or head[2].startswith("own"):
            continue
        values = dict(re.findall(r"BGP\.([\w]+)(?: \[t\])?: ?(.*)", block))
        pairs = re.findall(r"\((\d+),(\d+)\)", values.get("community", ""))
        unknown = [int(key, 16) for key in values if re.fullmatch(r"[0-9a-f]{2}", key)]
        found[head[1]] = ForeignRoute(
            next_hop=values["next_hop"].split()[0],
            as_path=numbers(values.get("as_path", "")),
            local_pref=int(values["local_pref"]) if "local_pref" in values else None,
            med=int(values["med"]) if "med" in values else None,
            originator_id=values.get("originator_id"),
            cluster_list=tuple(values.get("cluster_list", "").split()),
            communities=tuple(f"{high}:{low}" for high, low in pairs),
            unknown=tuple(unknown),
            route_targets=tuple(":".join(each) for each in re.findall(r"\(rt, ?(\d+), ?(\d+)\)", block)),
            large_communities=tuple(
                ":".join(numbers)
                for numbers in re.findall(r"\((\d+), ?(\d+), ?(\d+)\)", values.get("large_community", ""))
            ),
            aggregator=aggregator_of(values.get("aggregator", "")),
            is_atomic="atomic_aggr" in values,
        )
    return found
