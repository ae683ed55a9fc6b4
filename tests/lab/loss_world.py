"""A lab in which things are changed under numbered datagrams: who should have sessions with whom, how to wait for it.

The structures to know are `World`, a lab and what is expected of it, and `Session`, the two hosts and the IP version.
"""

import asyncio
import json
import signal
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any, Final

from lab.lab_world import on
from tortie.lab.commands import agent_process
from tortie.lab.errors import ControlFailed
from tortie.lab.lifecycle import Lab
from tortie.lab.lines import SEED_LINES, line_values
from tortie.lab.probe import Probe
from tortie.lab.status import agent_status
from tortie.lab.topology import Host, Topology

__all__ = ["DEADLINE_S", "DOWN_COUNT", "Session", "Status", "World"]

DEADLINE_S: Final = 40.0
POLL_S: Final = 0.05
DOWN_COUNT: Final = 100
"""Datagrams of each pair that are sent while an agent is down."""

Session = tuple[str, str, int]
"""Names of the two hosts, sorted, and the IP version of their addresses."""

Status = dict[str, Any]


@dataclass
class World:
    """A lab that is up.

    Attributes:
        lab: the lab.
        expected: the sessions that there should be.
        reflectors: whom all nodes peer with (seed; the racks' are in the topology).
    """

    lab: Lab
    expected: set[Session] = field(default_factory=set)
    reflectors: list[Host] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Look up what stays as it is."""
        self.probe = Probe(self.lab)
        self.speakers = [host for host in self.topology.hosts if host.agent == "tortie"]
        self.nodes = [host for host in self.topology.nodes if host.agent == "tortie"]
        self.versions = [version for version in (4, 6) if self.nodes[0].address(version)]
        self._owners = {host.address(version): host for host in self.speakers for version in (4, 6)}
        self._owners.update(
            {
                text.partition("/")[0]: host
                for host in self.speakers
                for way in host.interfaces
                for text in way.addresses
            }
        )

    @property
    def topology(self) -> Topology:
        """The topology of the lab."""
        return self.lab.topology

    # ------------------------------------------------------------------ what there is, what there should be

    def between(self, pairs: Iterable[tuple[Host, Host]]) -> set[Session]:
        """Return the sessions of pairs of hosts."""
        names = [tuple(sorted((one.name, other.name))) for one, other in pairs]
        return {(first, second, version) for first, second in names for version in self.versions}

    def mesh(self) -> set[Session]:
        """Return the sessions of the node-to-node mesh."""
        return self.between(combinations(self.nodes, 2))

    def of_reflector(self, reflector: Host) -> set[Session]:
        """Return the sessions of a reflector with all nodes and with those that are there already."""
        return self.between((reflector, other) for other in (*self.nodes, *self.reflectors) if other != reflector)

    def of(self, *names: str) -> set[Session]:
        """Return the expected sessions that have one of these hosts as an end."""
        return {session for session in self.expected if not {session[0], session[1]}.isdisjoint(names)}

    async def statuses(self) -> dict[str, Status]:
        """Return what each agent says that answers."""
        answers = await asyncio.gather(*(self._status(host.name) for host in self.speakers))
        return {host.name: answer for host, answer in zip(self.speakers, answers, strict=True) if answer}

    async def _status(self, host: str) -> Status:
        try:
            return await agent_status(self.lab, host)
        except ControlFailed:
            return {}

    async def sessions(self) -> dict[Session, float]:
        """Return each session that is established at both ends, and for how many seconds it has been at either."""
        return self._established(await self.statuses())

    def _established(self, statuses: dict[str, Status]) -> dict[Session, float]:
        ages: dict[Session, list[float]] = {}
        for name, status in statuses.items():
            for session in status["sessions"]:
                if session["state"] == "established":
                    first, second = sorted((name, self._peer(session).name))
                    version = 6 if ":" in session["remote_address"] else 4
                    ages.setdefault((first, second, version), []).append(session["age_s"])
        return {key: min(both) for key, both in ages.items() if len(both) == 2}

    def _peer(self, session: Status) -> Host:
        return self._owners[session["remote_address"]]

    # ------------------------------------------------------------------ waiting

    async def until(self, is_so: Callable[[], Awaitable[bool]]) -> None:
        """Return when something is so; TimeoutError if it is not in time."""
        async with asyncio.timeout(DEADLINE_S):
            while not await is_so():  # noqa: ASYNC110 - what is waited for happens in other processes
                await asyncio.sleep(POLL_S)

    async def until_complete(self) -> None:
        """Return when just the expected sessions are there, everybody has told everything, and kernels are in sync."""
        await self.until(self._is_complete)

    async def _is_complete(self) -> bool:
        statuses = await self.statuses()
        if set(self._established(statuses)) != self.expected:
            return False
        return all(
            self._has_heard_all(host, session)
            for host in self.speakers
            for session in statuses.get(host.name, {}).get("sessions", ())
        ) and all(status["kernel"] is None or status["kernel"]["is_in_sync"] for status in statuses.values())

    def _has_heard_all(self, host: Host, session: Status) -> bool:
        """Each node with containers has one block, of which its peers are told; a reflector tells of all others'."""
        peer = self._peer(session)
        families = session["families"]
        if any(family["stale"] or not family["end_of_rib"] for family in families):
            return False
        if host.role == "reflector":
            return True
        with_blocks = {node.name for node in self.nodes if node.containers}
        told = with_blocks - {host.name} if peer.role == "reflector" else with_blocks & {peer.name}
        return all(family["received"] >= len(told) for family in families)

    async def until_gone(self, host: str) -> None:
        """Return when nobody has an established session with a host."""

        async def is_gone() -> bool:
            for name, status in (await self.statuses()).items():
                up = [item for item in status["sessions"] if item["state"] == "established"]
                if name != host and any(self._peer(item).name == host for item in up):
                    return False
            return True

        await self.until(is_gone)

    async def until_acted(self, revision: int) -> None:
        """Return when every agent has acted on this revision of the datastore."""

        async def have_acted() -> bool:
            statuses = await self.statuses()
            return all(status["datastore"]["acted_revision"] >= revision for status in statuses.values())

        await self.until(have_acted)

    async def until_sent(self, count: int) -> None:
        """Return when every pair has been sent so many more datagrams."""
        wanted = [pair.sent + count for pair in (await self.probe.arrivals()).pairs]

        async def are_sent() -> bool:
            report = await self.probe.arrivals()
            return all(pair.sent >= number for pair, number in zip(report.pairs, wanted, strict=True))

        await self.until(are_sent)

    # ------------------------------------------------------------------ doing

    async def type(self, host: str, line: str, stdin: str = "") -> str:
        """Run a line on a host and return what it says; it must succeed."""
        said = await on(self.lab, host, "sh", "-c", line, stdin=stdin)
        assert said.exit_code == 0, f"{line}: {said.stderr}"
        return said.stdout

    async def calicoctl(self, *words: str, stdin: str = "") -> str:
        """Run our command on the first node."""
        said = await on(self.lab, self.nodes[0].name, "calicoctl", *words, stdin=stdin)
        assert said.exit_code == 0, f"{words}: {said.stderr}"
        return said.stdout

    async def edit(self, kind: str, name: str, change: Callable[[Status], None]) -> None:
        """Change a resource, and wait until every agent has acted on it."""
        resource = json.loads(await self.calicoctl("get", kind, name, "-o", "json"))
        change(resource)
        await self.calicoctl("replace", "-f", "-", stdin=json.dumps(resource))
        await self._until_acted_on(kind, name)

    async def create(self, kind: str, name: str, spec: Status) -> None:
        """Create a resource, and wait until every agent has acted on it."""
        resource = {"apiVersion": "projectcalico.org/v3", "kind": kind, "metadata": {"name": name}, "spec": spec}
        await self.calicoctl("create", "-f", "-", stdin=json.dumps(resource))
        await self._until_acted_on(kind, name)

    async def _until_acted_on(self, kind: str, name: str) -> None:
        resource = json.loads(await self.calicoctl("get", kind, name, "-o", "json"))
        await self.until_acted(int(resource["metadata"]["resourceVersion"]))

    async def peers(self, address: str) -> list[Status]:
        """Return the BGPPeers with an address."""
        found = json.loads(await self.calicoctl("get", "bgpPeer", "-o", "json"))
        return [peer for peer in found if peer["spec"].get("peerIP") == address]

    async def write_record(self, reflector: Host, cluster_id: str) -> None:
        """Write a reflector's record, one a family, as the document does."""
        api = next(host for host in self.topology.hosts if host.api_port is not None)
        for version in self.versions:
            values = {**line_values(self.topology, reflector, api, version), "cluster_id": cluster_id}
            await self.type(reflector.name, SEED_LINES.write_record.format(**values))

    async def add_reflector(self, reflector: Host) -> None:
        """Start a reflector, write its record, have all nodes peer with it; wait until they have heard everything."""
        await self.lab.start_process(f"{reflector.name}/reflector")
        await self.write_record(reflector, reflector.cluster_id or "")
        for version in self.versions:
            values = line_values(self.topology, reflector, self.nodes[0], version)
            await self.type(self.nodes[0].name, SEED_LINES.create_peer.format(**values))
        self.expected |= self.of_reflector(reflector)
        self.reflectors.append(reflector)
        await self.until_complete()

    async def remove_reflector(self, reflector: Host) -> None:
        """Have no node peer with a reflector any more, then remove its record, then stop it."""
        self.expected -= self.of_reflector(reflector)
        self.reflectors.remove(reflector)
        for version in self.versions:
            address = reflector.address(version) or ""
            for peer in await self.peers(address):
                await self.calicoctl("delete", "bgpPeer", peer["metadata"]["name"])
            await self.calicoctl("delete", "routeReflector", address)
        await self.until_complete()
        await self.lab.stop_process(f"{reflector.name}/reflector")

    async def kill(self, host: Host) -> None:
        """End an agent with kill -9; when its peers have noticed, start it again and wait until all is as it was."""
        process = agent_process(host.name, host.role)
        await self.lab.signal_process(process, signal.SIGKILL)
        await self.until_gone(host.name)
        await self.until_sent(DOWN_COUNT)
        await self.lab.restart_process(process)
        await self.until_complete()

    async def restart(self, host: Host) -> None:
        """Stop an agent for a restart; when its peers have noticed, start it again and wait until all is as it was."""
        process = agent_process(host.name, host.role)
        await self.type(host.name, f"calicoctl {process.rpartition('/')[2]} stop --for-restart")
        await self.until_gone(host.name)
        await self.until_sent(DOWN_COUNT)
        await self.lab.restart_process(process)
        await self.until_complete()
