"""`tortie lab run mixed`: speakers of several makes side by side, from a mesh to two reflectors, each of which fails.

For: the steps, and what each must show: that the document's commands act on every host alike, that every kernel holds
the same routes whoever wrote them, and that one reflector is enough, of whichever make. Not here: running steps
(walk.py), events on a screen (the CLI), how a foreign speaker obeys (foreign).

What is typed on a host is run as it is printed; `tortie lab` lines and `ping` stand for what the lab does itself. Any
topology will do that has a mesh of nodes with containers and two reflectors or more that start by themselves. Structure
to know: `MixedWalk`.
"""

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Final

from tortie.lab.checks import block_of, count_established, ends_of, kernel_ways, mesh_session_count, problems_text
from tortie.lab.commands import CommandLines, agent_process
from tortie.lab.errors import TopologyInvalid
from tortie.lab.foreign.speakers import hosts_left_out, speaker_title, without_missing
from tortie.lab.lab_walk import LabWalk
from tortie.lab.lines import SEED_LINES
from tortie.lab.pings import LOST_AFTER_S
from tortie.lab.status import LabStatus
from tortie.lab.topology import Host, Topology
from tortie.lab.walk import Outcome, Progress, Step
from tortie.lab.walk_tools import outcome, said

__all__ = ["MixedWalk", "fits_mixed"]

PING_INTERVAL_S: Final = 0.1
BLOCK_SIZE_DEFAULT: Final = 26
NODES_MIN: Final = 2
REFLECTORS_MIN: Final = 2
REACHED: Final = "every container answers every other"
KERNEL: Final = "ip route show root {pool}"
PATTERNS: Final = {"bird": "-x bird", "bird1": "-x bird", "frr": "-x bgpd", "gobgp": "-x gobgpd"}
"""Foreign agent → how pgrep finds it; ours is found by what it was told."""


def fits_mixed(topology: Topology) -> bool:
    """Tell whether the walk fits: a mesh of nodes with containers, reflectors with ids that run by themselves."""
    reflectors = topology.reflectors
    are_ready = all(host.cluster_id is not None and host.address(4) and not host.is_manual for host in reflectors)
    nodes = topology.nodes
    are_served = len(nodes) >= NODES_MIN and all(host.containers and host.address(4) for host in nodes)
    has_pool = any("." in pool.cidr for pool in topology.pools)
    is_plain = topology.has_node_mesh and not topology.peers and all(host.cluster_id is None for host in nodes)
    return is_plain and has_pool and are_served and are_ready and len(reflectors) >= REFLECTORS_MIN


class MixedWalk(LabWalk):
    """The steps and what they know of one another."""

    def __init__(
        self, topology: Topology, *, is_kept: bool, commands: CommandLines, environment: Mapping[str, str]
    ) -> None:
        """Take what to raise; optional hosts whose speaker is missing are left out. TopologyInvalid if it does not fit.

        The rest as LabWalk.
        """
        present = without_missing(topology)
        if not fits_mixed(present):
            raise TopologyInvalid(
                topology.source,
                "hosts",
                f"{len(present.nodes)} nodes, {len(present.reflectors)} reflectors",
                "for this walk: a mesh of nodes with containers, and two reflectors or more that start by themselves",
            )
        super().__init__(present, is_kept=is_kept, commands=commands, environment=environment)
        self._left_out = hosts_left_out(topology)
        self._nodes = present.nodes
        self._reflectors = present.reflectors
        self._pool = next(pool for pool in present.pools if "." in pool.cidr)

    def steps(self) -> list[Step]:
        """Return the steps in order."""
        first, mesh, count = self._nodes[0].name, self._mesh_count(), self._reflected_count()
        kernels = "each block by way of its node, own blocks as blackholes, whoever wrote them"
        kernel_line = partial(KERNEL.format, pool=self._pool.cidr)
        return [
            self._first_step(),
            self._step("Full mesh", SEED_LINES.status, self._wait_mesh, "",
                       f"{mesh} sessions: n(n-1)/2 of nodes, and one of reflectors"),
            self._step("Every container pings every other", self._ping_line, self._ping_mesh, self._pinger(), REACHED),
            self._step("The kernels hold the same routes", kernel_line, self._show_kernels, "", kernels),
            self._step("The reflectors as global peers", self._peers_line, self._create_peers, first,
                       f"{len(self._reflectors)} resources made"),
            self._step("Sessions with both beside the mesh", SEED_LINES.status, self._wait_both, "",
                       f"{self._both_count()} sessions"),
            self._step("Mesh off", SEED_LINES.mesh_off, self._mesh_off, first, f"{count} sessions"),
            self._step("Every container pings every other, again", self._ping_line, self._ping_reflected,
                       self._pinger(), f"{REACHED}, no ping lost"),
            self._step("The kernels still hold the same routes", kernel_line, self._show_kernels, "", kernels),
            *[step for reflector in self._reflectors for step in self._failure_steps(reflector)][:-1],
            self._last_step(),
        ]  # fmt: skip

    def _failure_steps(self, reflector: Host) -> list[Step]:
        """Return that it is killed and that it comes back; the last of all need not come back."""
        title = f"The reflector that runs {speaker_title(reflector.agent)} is killed"
        back = f"tortie lab start {reflector.name}"
        expected = f"{self._reflected_count()} sessions"
        return [
            self._step(title, lambda: _kill_line(reflector), partial(self._kill, reflector), reflector.name,
                       f"{REACHED}, no ping lost"),
            self._step(f"{reflector.name} comes back", lambda: back, partial(self._bring_back, reflector), "",
                       expected),
        ]  # fmt: skip

    # ------------------------------------------------------------------------------------------ steps, in order

    def _raised_text(self) -> str:
        hosts = [f"{host.name} runs {speaker_title(host.agent)}" for host in (*self._nodes, *self._reflectors)]
        missing = [
            f"{host.name} is left out: {speaker_title(host.agent)} is not on this machine" for host in self._left_out
        ]
        return "\n".join([*hosts, *missing])

    async def _wait_mesh(self, progress: Progress) -> Outcome:
        return await self._wait_sessions(self._mesh_count(), progress)

    async def _ping_mesh(self, progress: Progress) -> Outcome:
        result = await self._hands.ping_all(progress)
        if result.ok:
            await self._hands.probe.start(PING_INTERVAL_S)
        return result

    async def _show_kernels(self, _: Progress) -> Outcome:
        blocks = {node.name: self._blocks(node) for node in self._nodes}
        missing: list[str] = []
        parts: list[str] = []
        for node in self._nodes:
            wanted: dict[str, str | None] = {
                block: other.address(4) for other in self._nodes if other is not node for block in blocks[other.name]
            }
            wanted |= dict.fromkeys(blocks[node.name])
            line = KERNEL.format(pool=self._pool.cidr)
            output = await self._hands.wait_said(node.name, line, partial(_holds, wanted))
            if kernel_ways(output.stdout) != wanted:
                missing.append(f"{node.name} ({speaker_title(node.agent)}): {output.stdout.strip() or 'nothing'}")
            parts.append(f"{node.name}, {speaker_title(node.agent)}:\n{output.stdout.rstrip()}")
        expected = f"{sum(map(len, blocks.values()))} blocks in each of {len(self._nodes)} kernels, none else"
        return outcome(expected, "; ".join(missing) or expected, ok=not missing, output="\n".join(parts))

    async def _create_peers(self, _: Progress) -> Outcome:
        expected = f"Successfully created {len(self._reflectors)} 'bgpPeer' resource(s)"
        output = await self._hands.type(self._nodes[0].name, self._peers_line())
        return said(output, expected, ok=output.exit_code == 0 and expected in output.stdout)

    async def _wait_both(self, progress: Progress) -> Outcome:
        return await self._wait_sessions(self._both_count(), progress)

    async def _mesh_off(self, progress: Progress) -> Outcome:
        output = await self._type(self._nodes[0].name, SEED_LINES.mesh_off)
        if output.exit_code != 0 or output.stdout.strip():
            return said(output, "exit code 0 and no word", ok=False)
        return await self._wait_sessions(self._reflected_count(), progress)

    async def _ping_reflected(self, progress: Progress) -> Outcome:
        result = await self._hands.ping_all(progress)
        await asyncio.sleep(LOST_AFTER_S)  # what was lost in the switch is counted as such only after this time
        report = await self._hands.probe.stop()
        return outcome(
            f"{REACHED}, no ping lost since the mesh stood",
            f"{result.seen}, {report.lost} of {report.sent} pings lost",
            ok=result.ok and report.lost == 0,
            output=f"{result.output}; {report.lost} of {report.sent} pings lost since the mesh stood",
            lost=report.lost,
            sent=report.sent,
        )

    async def _kill(self, reflector: Host, progress: Progress) -> Outcome:
        return await self._hands.kill(reflector, _kill_line(reflector), progress)

    async def _bring_back(self, reflector: Host, progress: Progress) -> Outcome:
        name = agent_process(reflector.name, reflector.role)
        await self._hands.lab.stop_process(name)  # it may not have noticed yet that its speaker is gone
        await self._hands.lab.start_process(name)
        result = await self._wait_sessions(self._reflected_count(), progress)
        if reflector.agent == "tortie":
            await self._hands.wait_restarted(reflector.name)
        return result

    # ------------------------------------------------------------------------------------------ what steps share

    async def _wait_sessions(self, sessions: int, progress: Progress) -> Outcome:
        """Wait until just so many sessions are established at both ends, and show how many each host has."""

        def is_done(status: LabStatus) -> bool:
            progress("session ends established", _established(status), 2 * sessions)
            return _established(status) == _ends(status) == 2 * sessions

        status = await self._hands.wait_status(is_done)
        found, ends = _established(status), _ends(status)
        is_right = found == ends == 2 * sessions
        counts = ((host.name, speaker_title(host.agent), ends_of(status, host.name)) for host in status.hosts)
        return outcome(
            f"{sessions} sessions, established at both ends",
            f"{found // 2} sessions" + ("" if is_right else f" ({found} of {ends} ends): {problems_text(status)}"),
            ok=is_right,
            output="\n".join(f"{name}, {title}: {count} up" for name, title, count in counts),
            sessions=found // 2,
        )

    def _mesh_count(self) -> int:
        """Return the sessions of nodes among themselves, and of reflectors among themselves."""
        return mesh_session_count(len(self._nodes)) + mesh_session_count(len(self._reflectors))

    def _reflected_count(self) -> int:
        """Return the sessions of nodes with reflectors, and of reflectors among themselves."""
        return len(self._nodes) * len(self._reflectors) + mesh_session_count(len(self._reflectors))

    def _both_count(self) -> int:
        return self._mesh_count() + len(self._nodes) * len(self._reflectors)

    def _peers_line(self) -> str:
        documents = "---\n".join(
            "apiVersion: v1\nkind: bgpPeer\nmetadata:\n"
            f"  peerIP: {reflector.address(4)}\n  scope: global\nspec:\n  asNumber: {self.topology.as_number}\n"
            for reflector in self._reflectors
        )
        return f"calicoctl create -f - << EOF\n{documents}EOF"

    def _blocks(self, node: Host) -> list[str]:
        size = self._pool.block_size or BLOCK_SIZE_DEFAULT
        containers = self._hands.lab.state.wiring.containers
        addresses = [text for item in containers if item.host == node.name for text in item.addresses if "." in text]
        return sorted({block_of(address, size) for address in addresses})


# ------------------------------------------------------------------------------------------------ leaves


def _holds(wanted: Mapping[str, str | None], text: str) -> bool:
    return kernel_ways(text) == wanted


def _established(status: LabStatus) -> int:
    return count_established(status.hosts, [host.name for host in status.hosts])


def _ends(status: LabStatus) -> int:
    """Return how many session ends there are, established or not."""
    return sum(len(host.sessions or ()) for host in status.hosts)


def _kill_line(reflector: Host) -> str:
    """Return the line that kills the speaker of a host; see racks_walk.KILL on the namespaces."""
    pattern = PATTERNS.get(reflector.agent, "-f 'reflector [r]un'")
    return f"kill -9 $(pgrep --ns $$ --nslist net {pattern})"
