"""What all foreign speakers have in common: how they are described, and the verbs that they share.

What it is for: the neutral description of a speaker and of what it shows, and a process that is started, asked and
ended by its id. What it is NOT for: any one speaker's language (the modules beside this one).

To know first: `SpeakerPlan`, what a speaker is told, and `Daemon`, what can be asked of it.
"""

import re
import shutil
import signal
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar, Final

COMMAND_TIMEOUT_S: Final = 10.0
BGP_PORT: Final = 179


@dataclass(frozen=True)
class Neighbour:
    """One session of a foreign speaker; it dials unless it is passive.

    Attributes:
        hops: set where it checks how far away we are (RFC 5082).
        has_add_path: both ways (RFC 7911).
        has_restart: graceful restart in both roles, as far as it has them (RFC 4724).
        is_two_octet: it says nothing of 4-octet AS numbers (RFC 6793).
    """

    address: str
    asn: int
    is_client: bool = False
    is_passive: bool = False
    password: str | None = None
    hops: int = 0
    has_add_path: bool = False
    has_restart: bool = False
    is_two_octet: bool = False


@dataclass(frozen=True)
class SpeakerPlan:
    """All that a foreign speaker is told. Every route of its own carries the MED and communities of each kind.

    Attributes:
        other_address: its address of the other family, where its sessions carry both; else that of `address` only.
        as_path: of its own routes, where it can be told that (ExaBGP); () = as is due.
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
    other_address: str | None = None
    as_path: tuple[int, ...] = ()

    @property
    def family(self) -> str:
        """That of its address: "ipv4" or "ipv6"."""
        return family_of(self.address)

    @property
    def next_hops(self) -> dict[str, str]:
        """Return its own address of each family that its sessions carry."""
        addresses = [self.address] if self.other_address is None else [self.address, self.other_address]
        return {family_of(address): address for address in addresses}

    @property
    def large_community(self) -> str:
        """Of its own routes, "64512:7:9" (RFC 8092)."""
        return f"{self.community}:9"

    def prefixes_of(self, family: str) -> tuple[str, ...]:
        """Return the prefixes of one family."""
        return tuple(prefix for prefix in self.prefixes if family_of(prefix) == family)


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
    route_targets: tuple[str, ...] = ()
    large_communities: tuple[str, ...] = ()
    aggregator: tuple[int, str] | None = None
    is_atomic: bool = False


class Daemon(ABC):
    """A foreign speaker that runs from `start` to `stop`.

    Attributes:
        name: as documents name it.
        package: the Debian package it comes from.
        not_offered: feature, role, "feature/role" or "feature/family" (the names in `support.interop_page`) → why this
            speaker does not offer it: it lacks it, does not show it, or has no command for it.
        keeps_dialling: False where it gives its own dial up as soon as the other end has connected, so that two
            connections never collide.
        checks_internal_distance: False where RFC 5082 is for external peers only.
    """

    name: ClassVar[str]
    package: ClassVar[str]
    not_offered: ClassVar[Mapping[str, str]] = MappingProxyType({})
    keeps_dialling: ClassVar[bool] = True
    checks_internal_distance: ClassVar[bool] = True

    def __init__(self, folder: Path) -> None:
        """Keep files in a folder, which is made."""
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.plan: SpeakerPlan | None = None
        self._is_restarting = False
        self._process: subprocess.Popen[bytes] | None = None

    @classmethod
    @abstractmethod
    def missing(cls) -> str | None:
        """Return which program is missing, None when all are there."""

    @classmethod
    @abstractmethod
    def version(cls) -> str:
        """Return the version as the program tells it."""

    @classmethod
    def why_not(cls, feature: str, *places: str) -> str | None:
        """Return why the speaker does not offer a feature in a role or family; None = it does."""
        keys = [feature, *(f"{feature}/{place}" for place in places)]
        return next((cls.not_offered[key] for key in keys if key in cls.not_offered), None)

    def start(self, plan: SpeakerPlan, *, is_restarting: bool = False) -> None:
        """Run; returns at once, `is_ready` says when it can be asked.

        Args:
            plan: all that it is told.
            is_restarting: it ran before, and is to say so where it has to be told that.
        """
        self.plan = plan
        self._is_restarting = is_restarting
        self._start(plan)

    @abstractmethod
    def _start(self, plan: SpeakerPlan) -> None:
        """Write files and run."""

    @abstractmethod
    def is_ready(self) -> bool:
        """Tell whether it answers."""

    def answers(self) -> bool:
        """Tell whether it is ready; a process that has ended by itself is a failure."""
        assert self._process is None or self._process.poll() is None, self.log()
        return self.is_ready()

    @abstractmethod
    def routes(self) -> dict[str, ForeignRoute]:
        """Return its best routes that it learned by BGP."""

    @abstractmethod
    def next_hops(self, prefix: str) -> list[str]:
        """Return the next hops of all paths to a prefix, sorted."""

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

    def kill(self) -> None:
        """End the process as kill -9 does."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End the process; twice is once."""
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(how)
        try:
            process.wait(COMMAND_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def log(self) -> str:
        """Return what it has said so far."""
        path = self.folder / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    def _run(self, *command: str, environment: Mapping[str, str] | None = None) -> None:
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment)

    def _ask(self, *command: str) -> str:
        """Return what a command prints, "" when it fails: the speaker is not there yet, or no more."""
        done = subprocess.run(command, capture_output=True, text=True, timeout=COMMAND_TIMEOUT_S, check=False)
        return done.stdout if done.returncode == 0 else ""

    @property
    def _told(self) -> SpeakerPlan:
        assert self.plan is not None, f"{self.name} has not been started"
        return self.plan


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


def family_of(text: str) -> str:
    """Return "ipv4" or "ipv6" for an address or a prefix."""
    return f"ipv{ip_address(text.partition('/')[0]).version}"


def aggregator_of(text: str) -> tuple[int, str] | None:
    """Return AS number and address from a text that holds both, in whichever order."""
    address = re.search(r"\d+\.\d+\.\d+\.\d+", text)
    return None if address is None else (numbers(text.replace(address[0], ""))[0], address[0])
