"""Foreign BGP speakers as processes: one class a speaker, all with the same few verbs.

What it is for: running BIRD, FRR, GoBGP and OpenBGPD as distributions ship them, from one neutral description. What it
is NOT for: what they are to do in a test (tests/interop), namespaces (they live in that of the thread that starts
them). A speaker is ended by its own process id; its files lie in a folder of the test.

To know first: `SpeakerPlan`, what a speaker is told, and `Daemon`, what can be asked of it.
"""

import json
import os
import re
import shutil
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from ipaddress import ip_address
from pathlib import Path
from typing import Any, ClassVar, Final

COMMAND_TIMEOUT_S: Final = 10.0
BGP_PORT: Final = 179
FRR_CRASH_LOGS: Final = Path("/var/tmp/frr")


@dataclass(frozen=True)
class Neighbour:
    """One session of a foreign speaker; it dials unless it is passive.

    ADD-PATH goes both ways, for BIRD 2 only. With `hops` it checks how far away we are.
    """

    address: str
    asn: int
    is_client: bool = False
    is_passive: bool = False
    password: str | None = None
    hops: int = 0
    has_add_path: bool = False


@dataclass(frozen=True)
class SpeakerPlan:
    """All that a foreign speaker is told. One family, that of its address; every route of its own carries both values.

    Attributes:
        cluster_id: set where it reflects.
        med: of its own routes.
        community: of its own routes, "64512:7".
    """

    address: str
    router_id: str
    asn: int
    neighbours: tuple[Neighbour, ...]
    prefixes: tuple[str, ...] = ()
    cluster_id: str | None = None
    med: int = 77
    community: str = "64512:7"

    @property
    def family(self) -> str:
        """ "ipv4" or "ipv6"."""
        return f"ipv{ip_address(self.address).version}"


@dataclass(frozen=True)
class ForeignRoute:
    """What a foreign speaker shows of a route that it learned by BGP; None or empty where it has none.

    `unknown` is None where the speaker does not show attributes that it does not know.
    """

    next_hop: str
    as_path: tuple[int, ...] = ()
    local_pref: int | None = None
    med: int | None = None
    originator_id: str | None = None
    cluster_list: tuple[str, ...] = ()
    communities: tuple[str, ...] = ()
    unknown: tuple[int, ...] | None = None


class Daemon(ABC):
    """A foreign speaker that runs from `start` to `stop`.

    Attributes:
        name: as documents name it.
        package: the Debian package it comes from.
        not_offered: features (the names in tests/interop) that this speaker does not have or cannot be asked for.
        keeps_dialling: False where it gives its own dial up as soon as the other end has connected, so that two
            connections never collide.
    """

    name: ClassVar[str]
    package: ClassVar[str]
    not_offered: ClassVar[frozenset[str]] = frozenset()
    keeps_dialling: ClassVar[bool] = True

    def __init__(self, folder: Path) -> None:
        """Keep files in a folder, which is made."""
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.plan: SpeakerPlan | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @classmethod
    @abstractmethod
    def missing(cls) -> str | None:
        """Return which program is missing, None when all are there."""

    @classmethod
    @abstractmethod
    def version(cls) -> str:
        """Return the version as the program tells it."""

    @abstractmethod
    def start(self, plan: SpeakerPlan) -> None:
        """Run; returns at once, `is_ready` says when it can be asked."""

    @abstractmethod
    def is_ready(self) -> bool:
        """Tell whether it answers."""

    @abstractmethod
    def routes(self) -> dict[str, ForeignRoute]:
        """Return its best routes that it learned by BGP."""

    @abstractmethod
    def established(self) -> list[str]:
        """Return the neighbours with which it says a session is up."""

    @abstractmethod
    def set_prefixes(self, prefixes: tuple[str, ...]) -> None:
        """Announce these routes of its own and no others."""

    @abstractmethod
    def ask_refresh(self, neighbour: str) -> None:
        """Ask a neighbour for its routes again (RFC 2918)."""

    @abstractmethod
    def reset(self, neighbour: str) -> None:
        """End a session; it begins again by itself."""

    def stop(self) -> None:
        """End the process; twice is once."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(COMMAND_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def log(self) -> str:
        """Return what it has said so far."""
        path = self.folder / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    def _run(self, *command: str) -> None:
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def _ask(self, *command: str) -> str:
        """Return what a command prints, "" when it fails: the speaker is not there yet, or no more."""
        done = subprocess.run(command, capture_output=True, text=True, timeout=COMMAND_TIMEOUT_S, check=False)
        return done.stdout if done.returncode == 0 else ""

    @property
    def _told(self) -> SpeakerPlan:
        assert self.plan is not None, f"{self.name} has not been started"
        return self.plan


def remove_frr_crash_logs(pid: int) -> None:
    """Remove what a bgpd leaves in a folder that no option of it names."""
    shutil.rmtree(FRR_CRASH_LOGS / f"bgpd.{pid}", ignore_errors=True)
    with suppress(OSError):  # others may run
        FRR_CRASH_LOGS.rmdir()


def first_missing(*programs: str) -> str | None:
    """Return the first program that is not there."""
    return next((program for program in programs if shutil.which(program) is None), None)


def output_of(*command: str) -> str:
    """Return all that a command says about itself."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=COMMAND_TIMEOUT_S, check=False)
    return done.stdout + done.stderr


def numbers(text: str) -> tuple[int, ...]:
    """Return the whole numbers in a text."""
    return tuple(int(number) for number in re.findall(r"\d+", text))


# ------------------------------------------------------------------------------------------ BIRD


class Bird2(Daemon):
    """BIRD 2: one process, both families."""

    name = "BIRD 2"
    package = "bird2"

    @classmethod
    def missing(cls) -> str | None:
        """See Daemon."""
        return first_missing("bird", "birdc")

    @classmethod
    def version(cls) -> str:
        """See Daemon."""
        return output_of("bird", "--version").split()[-1]

    def start(self, plan: SpeakerPlan) -> None:
        """See Daemon."""
        self._write(plan)
        self._run(*self._command())

    def is_ready(self) -> bool:
        """See Daemon."""
        return "BIRD" in self._control("show", "status")

    def routes(self) -> dict[str, ForeignRoute]:
        """See Daemon."""
        return bird_routes(self._control("show", "route", "primary", "all"))

    def next_hops(self, prefix: str) -> list[str]:
        """Return the next hops of all paths to a prefix, sorted."""
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
        lines += ["protocol static own {", f"  {plan.family};", *self._static_routes(plan), "}"]
        for index, neighbour in enumerate(plan.neighbours):
            distance = f"multihop{f' {neighbour.hops}' if neighbour.hops else ''};"
            lines += [
                f"protocol bgp peer{index} {{",
                f"  local {plan.address} as {plan.asn};",
                f"  neighbor {neighbour.address} as {neighbour.asn};",
                f"  {distance} strict bind yes; connect delay time 1; connect retry time 1; error wait time 1, 2;",
                *(["  ttl security on;"] if neighbour.hops else []),
                *([f'  password "{neighbour.password}";'] if neighbour.password else []),
                *(["  passive yes;"] if neighbour.is_passive else []),
                *(["  rr client;"] if neighbour.is_client else []),
                *([f"  rr cluster id {plan.cluster_id};"] if neighbour.is_client else []),
                f"  {plan.family} {{ import all; {add_paths(neighbour)}{self._export(plan)} }};",
                "}",
            ]
        return lines

    def _static_routes(self, plan: SpeakerPlan) -> Iterable[str]:
        return [f"  route {prefix} unreachable;" for prefix in plan.prefixes]

    def _export(self, plan: SpeakerPlan) -> str:
        """Return the export filter; a MED goes to external peers only if it is set here."""
        community = plan.community.replace(":", ",")
        marks = f"bgp_med = {plan.med}; bgp_community.add(({community}));"
        own = f"if source = RTS_STATIC then {{ {marks} accept; }}"
        return f"export filter {{ {own} if source = RTS_BGP then accept; reject; }};"


class Bird1(Bird2):
    """BIRD 1.6, the generation of the document: one process a family. It conflicts with bird2, so it is unpacked.

    TORTIE_BIRD1 names the folder into which the package was unpacked (`dpkg -x`).
    """

    name = "BIRD 1.6"
    package = "bird"

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
        inside = f"  {plan.family} {{ import all; {self._export(plan)} }};"
        outside = f"  import all; {self._export(plan)}"
        lines = [line.replace("strict bind yes; ", "") for line in super()._lines(plan) if line != f"  {plan.family};"]
        lines = [outside if line == inside else line for line in lines]
        return [f"listen bgp address {plan.address} port {BGP_PORT};", *lines]


def add_paths(neighbour: Neighbour) -> str:
    """Return BIRD 2's switch of a session, where it is on."""
    return "add paths yes; " if neighbour.has_add_path else ""


def bird_routes(text: str) -> dict[str, ForeignRoute]:
    """Return the routes in the output of `show route all`, those of the protocol `own` left out."""
    found: dict[str, ForeignRoute] = {}
    for block in re.split(r"\n(?=[0-9a-f])", text):
        head = re.match(r"([0-9a-f.:]+/\d+) .*\[(\w+)", block)
        if head is None or head[2] == "own":
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
        )
    return found


# ------------------------------------------------------------------------------------------ FRR


class FRR(Daemon):
    """FRR's bgpd without zebra. `coalesce-time 1` and no advertisement interval, or it waits for seconds."""

    name = "FRR"
    package = "frr"
    _program = "/usr/lib/frr/bgpd"

    @classmethod
    def missing(cls) -> str | None:
        """See Daemon."""
        return first_missing(cls._program, "vtysh")

    @classmethod
    def version(cls) -> str:
        """See Daemon."""
        return output_of(cls._program, "--version").split()[2]

    def start(self, plan: SpeakerPlan) -> None:
        """See Daemon."""
        self.plan = plan
        (self.folder / "conf").write_text("\n".join(self._lines(plan)) + "\n")
        files = ["-f", str(self.folder / "conf"), "--vty_socket", str(self.folder), "-i", str(self.folder / "pid")]
        bind = ["-l", plan.address, "-p", str(BGP_PORT)]
        self._run(self._program, "--no_kernel", "--no_zebra", "--skip_runas", *bind, *files, "-P", "0")

    def stop(self) -> None:
        """See Daemon."""
        process = self._process
        super().stop()
        if process is not None:
            remove_frr_crash_logs(process.pid)

    def is_ready(self) -> bool:
        """See Daemon."""
        return "routerId" in self._show("summary json")

    def routes(self) -> dict[str, ForeignRoute]:
        """See Daemon."""
        answer = self._show("json detail")
        tables: dict[str, list[dict[str, Any]]] = json.loads(answer)["routes"] if answer else {}
        best = {
            prefix: path
            for prefix, paths in tables.items()
            for path in (paths if isinstance(paths, list) else paths["paths"])
            if path.get("bestpath") and path["peer"]["peerId"] not in ("0.0.0.0", "::")
        }
        return {prefix: _frr_route(path) for prefix, path in best.items()}

    def established(self) -> list[str]:
        """See Daemon."""
        answer = self._show("summary json")
        peers = json.loads(answer).get("peers", {}) if answer else {}
        return [address for address, peer in peers.items() if peer["state"] == "Established"]

    def set_prefixes(self, prefixes: tuple[str, ...]) -> None:
        """See Daemon."""
        old, self.plan = self._told.prefixes, replace(self._told, prefixes=prefixes)
        gone = [f"no network {prefix}" for prefix in old if prefix not in prefixes]
        new = [f"network {prefix} route-map own" for prefix in prefixes if prefix not in old]
        place = ["configure terminal", f"router bgp {self._told.asn}", f"address-family {self._told.family} unicast"]
        self._vtysh(*place, *gone, *new)

    def ask_refresh(self, neighbour: str) -> None:
        """See Daemon."""
        self._vtysh(f"clear bgp {neighbour} soft in")

    def reset(self, neighbour: str) -> None:
        """See Daemon."""
        self._vtysh(f"clear bgp {neighbour}")

    def _show(self, what: str) -> str:
        return self._vtysh(f"show bgp {self._told.family} unicast {what}")

    def _vtysh(self, *lines: str) -> str:
        words = [word for line in lines for word in ("-c", line)]
        return self._ask("vtysh", "--vty_socket", str(self.folder), "-d", "bgpd", *words)

    def _lines(self, plan: SpeakerPlan) -> list[str]:
        lines = ["log stdout", "route-map own permit 10", f" set metric {plan.med}", f" set community {plan.community}"]
        lines += ["exit", f"router bgp {plan.asn}", f" bgp router-id {plan.router_id}", " coalesce-time 1"]
        lines += [" no bgp default ipv4-unicast", " no bgp ebgp-requires-policy", " no bgp network import-check"]
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
        lines.append(f" address-family {plan.family} unicast")
        lines += [f"  network {prefix} route-map own" for prefix in plan.prefixes]
        for neighbour in plan.neighbours:
            lines.append(f"  neighbor {neighbour.address} activate")
            lines += [f"  neighbor {neighbour.address} route-reflector-client"] if neighbour.is_client else []
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
    )


# ------------------------------------------------------------------------------------------ GoBGP


class GoBGP(Daemon):
    """GoBGP: told of neighbours by its file, of routes by its command."""

    name = "GoBGP"
    package = "gobgpd"
    keeps_dialling = False
    not_offered = frozenset({"refresh"})  # softresetin judges again what it keeps, and asks nobody

    @classmethod
    def missing(cls) -> str | None:
        """See Daemon."""
        return first_missing("gobgpd", "gobgp")

    @classmethod
    def version(cls) -> str:
        """See Daemon."""
        return output_of("gobgpd", "--version").split()[-1]

    def start(self, plan: SpeakerPlan) -> None:
        """See Daemon."""
        self.plan = replace(plan, prefixes=())
        self._wanted = plan.prefixes
        document = json.dumps(self._document(plan))
        (self.folder / "conf.json").write_text(document)
        self._run("gobgpd", "-t", "json", "-f", str(self.folder / "conf.json"), "--api-hosts", "127.0.0.1:50051")

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
        table = self._json("global", "rib", "-a", self._told.family)
        learned = {
            prefix: path
            for prefix, paths in (table.items() if isinstance(table, dict) else ())
            for path in paths
            if path.get("best") and path.get("source-id") and path.get("neighbor-ip")
        }
        return {prefix: _gobgp_route(path) for prefix, path in learned.items()}

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
        marks = ["nexthop", plan.address, "origin", "igp", "med", str(plan.med), "community", plan.community]
        for prefix in old:
            if prefix not in prefixes:
                self._gobgp("global", "rib", "del", prefix, "-a", plan.family)
        for prefix in prefixes:
            if prefix not in old:
                self._gobgp("global", "rib", "add", prefix, *marks, "-a", plan.family)

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
            "afi-safis": [{"config": {"afi-safi-name": f"{plan.family}-unicast"}}],
        }
        if neighbour.is_client:
            reflector = {"route-reflector-client": True, "route-reflector-cluster-id": plan.cluster_id}
            wanted["route-reflector"] = {"config": reflector}
        if neighbour.asn != plan.asn:
            wanted["ebgp-multihop"] = {"config": {"enabled": True, "multihop-ttl": 8}}
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
    )


# ------------------------------------------------------------------------------------------ OpenBGPD


class OpenBGPD(Daemon):
    """OpenBGPD in its Linux edition. It locks its children into the home of its user, which a service would make."""

    name = "OpenBGPD"
    package = "openbgpd"
    keeps_dialling = False
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

    def start(self, plan: SpeakerPlan) -> None:
        """See Daemon."""
        self.plan = plan
        self._jail.mkdir(exist_ok=True)
        file = self.folder / "conf"
        file.touch(mode=0o600)
        file.write_text("\n".join(self._lines(plan)) + "\n")
        self._run(self._program, "-d", "-f", str(file))

    def stop(self) -> None:
        """See Daemon."""
        super().stop()
        with suppress(OSError):  # a service of this host uses it
            self._jail.rmdir()

    def is_ready(self) -> bool:
        """See Daemon."""
        return bool(self._json("show", "summary"))

    def routes(self) -> dict[str, ForeignRoute]:
        """See Daemon."""
        paths = self._json("show", "rib", "detail")
        return {
            path["prefix"]: _openbgpd_route(path)
            for path in paths.get("rib", [])
            if path.get("best") and path["neighbor"].get("description") != "LOCAL"
        }

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
                self._control("network", "add", prefix, "metric", str(plan.med), "community", plan.community)

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
        marks = f"set {{ metric {plan.med}, community {plan.community} }}"
        lines += [f"network {prefix} {marks}" for prefix in plan.prefixes]
        for neighbour in plan.neighbours:
            lines += [f"neighbor {neighbour.address} {{", f"  remote-as {neighbour.asn}"]
            lines += [f"  local-address {plan.address}", f"  announce IPv{plan.family[-1]} unicast"]
            lines += ["  announce IPv4 none"] if plan.family == "ipv6" else []
            lines += ["  passive"] if neighbour.is_passive else []
            lines += [f"  route-reflector {plan.cluster_id}"] if neighbour.is_client else []
            lines += ["  multihop 8"] if neighbour.asn != plan.asn else []
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
    )


DAEMONS: Final[tuple[type[Daemon], ...]] = (Bird2, FRR, GoBGP, OpenBGPD, Bird1)
CORE: Final[tuple[type[Daemon], ...]] = (Bird2, FRR)
"""What the tests run on by default; the others are breadth."""
