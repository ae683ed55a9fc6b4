"""Where foreign speakers meet ours: addresses on the loopback of a private namespace, and one way to wait.

What it is for: starting our reflector as a process, our speaker in this thread, raw clients and foreign speakers, and
ending them all. What it is NOT for: what is to be seen (tests/interop). Use it inside `in_namespace` only.

To know first: `Meeting`; participant N has the address 10.9.0.N or fd00:9::N, the router id 192.0.2.N and the prefixes
10.N.K.0/24 or fd00:N:K::/48.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Any, Final, Self, TypeVar

import pytest

from lab.kernel_namespace import ip_batch
from support.daemons import BGP_PORT, Daemon, Neighbour, SpeakerPlan
from support.raw_bgp import RawClient, RawClients
from support.sessions import steady
from tortie.bgp.engine import (
    AddPathMode,
    Engine,
    PeerConfig,
    RouteStatus,
    SessionOptions,
    SpeakerConfig,
    peer_statuses,
    route_statuses,
)
from tortie.bgp.wire import IPV4_UNICAST, IPV6_UNICAST
from tortie.node import status_client
from tortie.node.errors import AgentNotRunning
from tortie.speaker import Speaker

Result = TypeVar("Result")

AS: Final = 64512
CLUSTER_ID: Final = "1.0.0.1"
PARTICIPANTS_MAX: Final = 9
PAUSE_S: Final = 0.02
DEADLINE_S: Final = 40.0
DIALS: Final = "(syn | ack) == syn"
MESSAGES: Final = "psh == psh"
LOG_SHOWN_MAX: Final = 2000
FAMILIES: Final = {"ipv4": IPV4_UNICAST, "ipv6": IPV6_UNICAST}


def router_id(number: int) -> str:
    """Return a participant's router id."""
    return f"192.0.2.{number}"


def need(daemon: type[Daemon]) -> None:
    """Skip where the speaker is not installed; in CI that is a failure."""
    missing = daemon.missing()
    if missing is None:
        return
    reason = f"{daemon.name} is not installed: no {missing} (Debian package {daemon.package})"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


class OurReflector:
    """`tortie reflector run --config`, as a process."""

    def __init__(self, folder: Path, document: dict[str, Any]) -> None:
        """Start it; it answers once `is_ready`."""
        folder.mkdir(parents=True, exist_ok=True)
        self._socket = folder / "s"
        self._log = folder / "log"
        (folder / "reflector.yaml").write_text(json.dumps(document))
        command = [sys.executable, "-m", "tortie", "reflector", "run", "--config", str(folder / "reflector.yaml")]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen([*command, "--status-socket", str(self._socket)], stderr=log)

    def is_ready(self) -> bool:
        """Tell whether it listens."""
        try:
            return bool(self._status()["speaker"]["listening"])
        except AgentNotRunning:
            assert self._process.poll() is None, self.log()
            return False

    def session(self, address: str) -> dict[str, Any]:
        """Return the one session with a peer."""
        found: list[dict[str, Any]] = self._status()["sessions"]
        (session,) = [session for session in found if session["remote_address"] == address]
        return session

    def is_established(self, address: str, times: int = 1) -> bool:
        """Tell whether the session is up, and has come up so many times."""
        session = self.session(address)
        is_up: bool = session["state"] == "established" and session["counters"]["established_count"] >= times
        return is_up

    def log(self) -> str:
        """Return what it has said so far."""
        return self._log.read_text(errors="replace")

    def _status(self) -> dict[str, Any]:
        return dict(status_client.request(self._socket, "status"))

    def stop(self) -> None:
        """End it in order."""
        self._process.send_signal(signal.SIGTERM)
        try:
            code = self._process.wait(DEADLINE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise
        assert code == 0, self.log()


class OurSpeaker:
    """One engine on real sockets, in the loop of the meeting."""

    def __init__(self, speaker: Speaker, family: str) -> None:
        """Wrap a speaker that listens already."""
        self._speaker = speaker
        self._family = FAMILIES[family]

    def originate(self, *prefixes: str) -> None:
        """Announce prefixes."""
        for prefix in prefixes:
            self._speaker.engine.originate(prefix, self._speaker.now)
        self._speaker.wake()

    def withdraw(self, *prefixes: str) -> None:
        """Take prefixes back."""
        for prefix in prefixes:
            self._speaker.engine.withdraw(prefix, self._speaker.now)
        self._speaker.wake()

    def all_routes(self) -> list[RouteStatus]:
        """Return every path, those that were rejected as well."""
        return list(route_statuses(self._speaker.engine, self._family))

    def routes(self) -> dict[str, RouteStatus]:
        """Return the best paths that others announced."""
        return {route.prefix: route for route in self.all_routes() if route.best and route.source != "local"}

    def unknown(self) -> set[int]:
        """Return the codes of unknown attributes on any best path."""
        best = self._speaker.engine.best_paths(self._family)
        return {each.code for _, path in best for each in path.attributes.unknown}

    def is_established(self, times: int = 1) -> bool:
        """Tell whether its only session is up, and has come up so many times."""
        (session,) = peer_statuses(self._speaker.engine, self._speaker.now)
        return session.state == "established" and session.counters["established_count"] >= times

    async def close(self) -> None:
        """End its sessions and sockets."""
        await self._speaker.close()


class Meeting:
    """All participants of one test. A context manager: everything has ended afterwards."""

    def __init__(self, family: str, folder: Path) -> None:
        """Give the loopback its addresses; `folder` holds everybody's files."""
        self.family = family
        self._folder = folder
        self._runner = asyncio.Runner()
        self._raw = RawClients(self.address(1), BGP_PORT, AS)
        self._daemons: list[Daemon] = []
        self._reflectors: list[OurReflector] = []
        self._speakers: list[OurSpeaker] = []
        length = 32 if family == "ipv4" else 128
        numbers = range(1, PARTICIPANTS_MAX + 1)
        ip_batch("\n".join(f"addr add {self.address(number)}/{length} dev lo" for number in numbers))

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End everybody; when the test has failed, add what they said."""
        if error is not None:
            logs = [each.log()[-LOG_SHOWN_MAX:] for each in self._daemons]
            logs += [each.log()[-LOG_SHOWN_MAX:] for each in self._reflectors]
            error.add_note("\n---\n".join(logs))
        self._raw.close()
        for speaker in self._speakers:
            self.run(speaker.close())
        self._runner.close()
        for daemon in self._daemons:
            daemon.stop()
        for reflector in self._reflectors:
            reflector.stop()

    # ------------------------------------------------------------------ names

    def address(self, number: int) -> str:
        """Return a participant's address."""
        return f"10.9.0.{number}" if self.family == "ipv4" else f"fd00:9::{number}"

    def prefixes(self, number: int) -> tuple[str, ...]:
        """Return the two prefixes that a participant announces."""
        if self.family == "ipv4":
            return f"10.{number}.1.0/24", f"10.{number}.2.0/24"
        return f"fd00:{number}:1::/48", f"fd00:{number}:2::/48"

    # ------------------------------------------------------------------ participants

    def reflector(self, *peers: dict[str, Any]) -> OurReflector:
        """Run our reflector as participant 1; peers as in its file."""
        document = {
            "listen": {"address": self.address(1), "port": BGP_PORT},
            "as": AS,
            "router_id": router_id(1),
            "cluster_id": CLUSTER_ID,
            "peers": [{"families": [self.family], **peer} for peer in peers],
        }
        reflector = OurReflector(self._folder / "tortie", document)
        self._reflectors.append(reflector)
        self.wait("our reflector listens", reflector.is_ready)
        return reflector

    def daemon(self, kind: type[Daemon], number: int, *neighbours: Neighbour, asn: int = AS) -> Daemon:
        """Run a foreign speaker that announces its two prefixes; it reflects if one of its neighbours is a client."""
        is_reflector = any(each.is_client for each in neighbours)
        plan = SpeakerPlan(
            address=self.address(number),
            router_id=router_id(number),
            asn=asn,
            neighbours=neighbours,
            prefixes=self.prefixes(number),
            cluster_id=CLUSTER_ID if is_reflector else None,
        )
        daemon = kind(self._folder / f"foreign{number}")
        self._daemons.append(daemon)
        daemon.start(plan)
        self.wait(f"{kind.name} answers", daemon.is_ready)
        return daemon

    def raw_client(self, number: int) -> RawClient:
        """Connect a raw client to participant 1 and wait for its session."""
        clients: list[RawClient] = []

        def has_session() -> bool:
            if not clients:
                try:
                    clients.append(self._raw.add(self.address(number), router_id(number)))
                except ConnectionRefusedError:
                    return False
            return clients[0].is_established

        self.wait("the raw client's session", has_session)
        return clients[0]

    def speaker(
        self, number: int, remote: int, *, passive: bool = False, add_path: AddPathMode = AddPathMode.OFF
    ) -> OurSpeaker:
        """Run one of our engines with one iBGP session."""
        options = SessionOptions(
            local_as=AS,
            peer_as=AS,
            families=(FAMILIES[self.family],),
            passive=passive,
            connect_retry_s=1.0,
            add_path=add_path,
        )
        peer = PeerConfig(remote_address=self.address(remote), local_address=self.address(number), options=options)
        config = SpeakerConfig(local_as=AS, router_id=(192 << 24) | (2 << 8) | number)

        async def make() -> Speaker:
            speaker = Speaker(Engine(config, steady))
            speaker.listen(self.address(number), BGP_PORT)
            speaker.engine.reconfigure((peer,), (), speaker.now)
            speaker.wake()
            return speaker

        ours = OurSpeaker(self.run(make()), self.family)
        self._speakers.append(ours)
        return ours

    def leave(self, speaker: OurSpeaker) -> None:
        """End one of our engines now."""
        self._speakers.remove(speaker)
        self.run(speaker.close())

    # ------------------------------------------------------------------ time

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Run a coroutine in the meeting's loop."""
        return self._runner.run(work)

    def wait(self, what: str, condition: Callable[[], bool], show: Callable[[], object] = lambda: "") -> None:
        """Let everybody work until the condition holds; fails with `what` and what `show` says after the deadline."""
        end = monotonic() + DEADLINE_S
        while not condition():
            assert monotonic() < end, f"not within {DEADLINE_S} s: {what} {show()}"
            self._raw.poll(0)
            self.run(asyncio.sleep(PAUSE_S))

    def wait_for_routes(self, what: str, routes: Callable[[], Mapping[str, object]], prefixes: Iterable[str]) -> None:
        """Let everybody work until somebody has routes to exactly these prefixes."""
        expected = set(prefixes)
        self.wait(what, lambda: routes().keys() == expected, routes)

    @contextmanager
    def held(self, what: str) -> Iterator[None]:
        """Hold back what comes to the port of BGP or from it; what is sent again afterwards gets through.

        Args:
            what: flags of TCP as nft matches them: `DIALS` or `MESSAGES`.
        """
        nft("add table inet held", "add chain inet held in { type filter hook input priority 0 ; }")
        nft(*(f"add rule inet held in tcp {port} {BGP_PORT} tcp flags & {what} drop" for port in ("dport", "sport")))
        yield
        nft("delete table inet held")

    def dialling(self) -> list[tuple[str, str]]:
        """Return (local, remote) address of everybody whose connection has not been answered yet."""
        lines = sockets("syn-sent")
        return sorted((local.rsplit(":", 1)[0], remote.rsplit(":", 1)[0]) for local, remote in lines)

    def connections(self) -> list[tuple[str, str]]:
        """Return the established TCP connections of BGP as (local, remote), each once."""
        listening = f":{BGP_PORT}"
        return sorted(ends for ends in sockets("established") if ends[0].endswith(listening))


def nft(*lines: str) -> None:
    """Carry out lines of nft in this namespace."""
    subprocess.run(["nft", "-f", "-"], input="\n".join(lines), check=True, capture_output=True, text=True)


def sockets(state: str) -> list[tuple[str, str]]:
    """Return (local, remote) of the TCP sockets of this namespace in a state of `ss`."""
    lines = subprocess.run(["ss", "-Htn", "state", state], check=True, capture_output=True, text=True).stdout
    return [(words[2], words[3]) for words in map(str.split, lines.splitlines())]
