"""GoBGP as the speaker of a host. It has no kernel of its own: what it chose is written by the lab's process.

GoBGP speaks to FRR's zebra where it is to write routes. Of the versions that Debian 12 has, 3.10 dies of the interface
messages of zebra 8.4 (a panic in its decoder, whichever dialect it is told). So this module follows `gobgp monitor
global rib` and hands every best path with its next hop to the code by which our own agent writes routes; next hops are
resolved there, as zebra would.

What it is NOT for: the text of its configuration (`gobgp_text.py`). Structure to know: `BestPath`.
"""

import asyncio
import json
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tortie.bgp.wire import address_from_text, prefix_from_text
from tortie.fabric import NodeIntent
from tortie.lab.foreign.daemon import Daemon, asked, run_command, wait_until, write_private
from tortie.lab.foreign.gobgp_text import render_gobgp
from tortie.node.kernel_routes import KernelRoutes
from tortie.node.log import Log

__all__ = ["BestPath", "GoBGP", "best_paths", "states_by_address"]

API: Final = ("--api-hosts", "127.0.0.1:50051")
STATES: Final = {1: "idle", 2: "connect", 3: "active", 4: "opensent", 5: "openconfirm", 6: "established"}
NEXT_HOP_ATTRIBUTES: Final = (3, 14)
"""NEXT_HOP, MP_REACH_NLRI."""


@dataclass(frozen=True, slots=True)
class BestPath:
    """A prefix and the next hop of its best path; None where there is none, or it is our own."""

    prefix: str
    next_hop: str | None


class GoBGP(Daemon):
    """See the module's header."""

    def __init__(self, folder: Path, log: Log, kernel: KernelRoutes | None) -> None:
        """See Daemon."""
        super().__init__(folder, log, kernel)
        self._global: object = None
        self._originated: tuple[str, ...] = ()
        self._written: set[str] = set()
        self._monitored: asyncio.Queue[asyncio.StreamReader] = asyncio.Queue()

    async def apply(self, intent: NodeIntent) -> None:
        """See Daemon."""
        document = render_gobgp(intent)
        file, new = self.folder / "gobgpd.json", self.folder / "gobgpd.json.new"
        write_private(new, json.dumps(document, indent=1) + "\n")
        await run_command("gobgpd", "--dry-run", "-t", "json", "-f", str(new))
        new.replace(file)
        if self.processes.names and document["global"] == self._global:
            self.processes.signal("gobgpd", signal.SIGHUP)
        else:
            await self._start(str(file))
        self._global = document["global"]
        count = sum(session.password is None for session in intent.sessions)
        await wait_until(f"gobgpd has {count} neighbours", lambda: len(_neighbors()) == count, self.processes)
        await self._announce(intent)

    def session_states(self) -> dict[str, str]:
        """See Daemon."""
        return states_by_address(_neighbors())

    async def run(self) -> None:
        """Write what it chose, as long as it runs; one that was started anew begins with nothing chosen."""
        while True:
            lines = await self._monitored.get()
            self._write([BestPath(prefix, None) for prefix in self._written])
            while line := await lines.readline():
                self._write(best_paths(line.decode()))

    def _write(self, paths: list[BestPath]) -> None:
        assert self.kernel is not None, "a reflector follows nothing"
        for path in paths:
            family, nlri = prefix_from_text(path.prefix)
            ways = () if path.next_hop is None else (address_from_text(path.next_hop),)
            self.kernel.set_bgp_routes(family, [(nlri, ways)])
        self._written.update(path.prefix for path in paths if path.next_hop is not None)
        self._written.difference_update([path.prefix for path in paths if path.next_hop is None])

    async def _start(self, file: str) -> None:
        await self.processes.stop()
        self._originated = ()
        await self.processes.start("gobgpd", "gobgpd", "-t", "json", "-f", file, *API)
        await wait_until("gobgpd answers", lambda: bool(asked(("gobgp", "global", "-j"))), self.processes)
        if self.kernel is not None:
            monitor = ("gobgp", "monitor", "global", "rib", "--current", "-j")
            process = await self.processes.start("gobgp monitor", *monitor, output=subprocess.PIPE)
            assert process.stdout is not None, "asked for above"
            self._monitored.put_nowait(process.stdout)

    async def _announce(self, intent: NodeIntent) -> None:
        """Make these exactly what it announces of its own."""
        next_hops = {"ipv4": intent.address_v4, "ipv6": intent.address_v6}
        for prefix in self._originated:
            if prefix not in intent.originated:
                await run_command("gobgp", "global", "rib", "del", prefix, "-a", _family(prefix))
        for prefix in intent.originated:
            next_hop = next_hops[_family(prefix)]
            if prefix not in self._originated and next_hop is not None:
                await run_command(
                    "gobgp", "global", "rib", "add", prefix, "nexthop", next_hop, "origin", "igp", "-a", _family(prefix)
                )
        self._originated = intent.originated


def best_paths(line: str) -> list[BestPath]:
    """Return what a line of `gobgp monitor global rib -j` says; [] for a line that cannot be read."""
    try:
        paths = json.loads(line)
    except ValueError:
        return []
    return [_best_path(path) for path in paths if isinstance(path, dict)]


def _best_path(path: dict[str, object]) -> BestPath:
    nlri = path.get("nlri")
    attributes = path.get("attrs")
    assert isinstance(nlri, dict), "every path has a prefix"
    assert isinstance(attributes, list), "every path has attributes"
    prefix = str(nlri["prefix"])
    if path.get("withdrawal") or not path.get("neighbor-ip"):
        return BestPath(prefix, None)
    hops = [str(item["nexthop"]) for item in attributes if item.get("type") in NEXT_HOP_ATTRIBUTES]
    return BestPath(prefix, hops[0] if hops else None)


def states_by_address(neighbors: list[dict[str, dict[str, object]]]) -> dict[str, str]:
    """Return peer's address → state, of `gobgp neighbor -j`."""
    found: dict[str, str] = {}
    for neighbor in neighbors:
        state = neighbor["state"].get("session_state")
        found[str(neighbor["conf"]["neighbor_address"])] = (
            STATES.get(state, "idle") if isinstance(state, int) else str(state).lower()
        )
    return found


def _neighbors() -> list[dict[str, dict[str, object]]]:
    answer = asked(("gobgp", "neighbor", "-j"))
    found = json.loads(answer) if answer.strip() else []
    return found if isinstance(found, list) else []


def _family(prefix: str) -> str:
    return "ipv6" if ":" in prefix else "ipv4"
