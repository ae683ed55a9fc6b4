"""`tortie lab run seed`: the document's cluster as a full mesh, then turned to route reflection by its own commands.

For: the steps, what each must show, and what is compared. Not here: running steps (walk.py), events on a screen (the
CLI), the text that is typed (lines.py).

What is typed on a host is run as it is printed, by a shell on that host. Some lines stand for what the lab does itself:
`lab up` and `lab down`; the start of the reflector, which is the holder's work, so that its end is noticed; and `ping`,
since the lab's prober asks all pairs at once. Any topology will do that has nodes on one LAN, one reflector that is
started by hand, and one API. Structure to know: `SeedWalk`; `run_seed` is the way in.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Final

from tortie.lab.checks import (
    BGP_PORT,
    attributes_text,
    block_of,
    count_established,
    ends_of,
    find_best,
    mesh_session_count,
    parse_json,
    parse_ss,
    problems_text,
    reflected_sessions,
    side_by_side,
)
from tortie.lab.commands import COMMANDS, CommandLines
from tortie.lab.errors import LabError, TopologyInvalid
from tortie.lab.execute import Output
from tortie.lab.leftovers import Footprint, footprint, leftovers
from tortie.lab.lifecycle import check_not_running, down, up
from tortie.lab.lines import SEED_LINES, line_values
from tortie.lab.pings import LOST_AFTER_S
from tortie.lab.requirements import check_requirements
from tortie.lab.status import LabStatus, lab_status
from tortie.lab.topology import Host, Topology
from tortie.lab.walk import OnEvent, Outcome, Progress, Step, WalkRecord, run_walk
from tortie.lab.walk_tools import Hands, outcome, said

__all__ = ["SeedWalk", "run_seed"]

PING_INTERVAL_S: Final = 0.1
BLOCK_SIZE_DEFAULT: Final = 26
NODES_MIN: Final = 3
"""The route that is shown needs a node that shows it, one that it leads to, and one that is neither."""


async def run_seed(
    topology: Topology,
    on_event: OnEvent,
    *,
    is_kept: bool = False,
    commands: CommandLines = COMMANDS,
    environment: Mapping[str, str] = os.environ,
) -> WalkRecord:
    """Walk through the document with a lab of its own; return the record, in which a miss stands as `ok` False.

    Args:
        topology: to raise: nodes with containers, one reflector that is started by hand, one API.
        on_event: is told everything as it happens.
        is_kept: leave the lab up at the end; else it ends even if this process is killed.
        commands: command lines of the processes on hosts.
        environment: of the person.

    Raises:
        RequirementsMissing: the machine lacks something; nothing was begun.
        LabExists: a lab of this name is up; it stays as it is.
        TopologyInvalid: the walk does not fit this topology.
    """
    walk = SeedWalk(topology, is_kept=is_kept, commands=commands, environment=environment)
    await asyncio.to_thread(check_requirements)
    check_not_running(topology.name, environment)
    try:
        return await run_walk(topology.name, walk.steps(), on_event)
    finally:
        await walk.close()


class SeedWalk:
    """The steps and what they know of one another."""

    def __init__(
        self, topology: Topology, *, is_kept: bool, commands: CommandLines, environment: Mapping[str, str]
    ) -> None:
        """Take what run_seed takes; TopologyInvalid if the walk does not fit the topology."""
        self._topology = topology
        self._is_kept = is_kept
        self._commands = commands
        self._environment = environment
        self._reflector, self._api = _parts(topology)
        self._nodes = topology.nodes
        self._up: Hands | None = None
        self._let_go: Callable[[], None] | None = None
        self._footprint: Footprint | None = None
        self._mesh: LabStatus | None = None
        self._reflected: LabStatus | None = None
        self._lost_in_mesh = 0
        self._lost_when_switched = 0
        self._values = line_values(topology, self._reflector, self._api)

    def steps(self) -> list[Step]:
        """Return the steps in order."""
        count = len(self._nodes)
        mesh = mesh_session_count(count)
        first, node = self._nodes[0].name, self._nodes[1].name
        by_hand, lines = self._reflector.name, SEED_LINES
        as_number, at = str(self._topology.as_number), self._values["reflector"]
        reached = "every container answers every other"
        last = (
            self._step("The lab stays up", lines.status, self._stay, "", "a lab that is up")
            if self._is_kept
            else replace(self._step("Lab down", lines.down, self._take_down, "", "nothing left behind"), is_always=True)
        )
        return [
            self._step("Raise the lab", lines.up, self._raise, "", "every process takes connections"),
            self._step("Full mesh", lines.sessions, self._wait_mesh, first, f"{mesh} sessions, n(n-1)/2"),
            self._step("Every container pings every other", self._ping_line, self._ping_mesh, self._pinger(), reached),
            self._step("The AS number", lines.get_as_number, self._get_as_number, first, as_number),
            self._step("Start the reflector", lines.run_reflector, self._start_reflector, by_hand, "it runs"),
            self._step("Write its record", lines.write_record, self._write_record, by_hand, "etcd's answer to a set"),
            self._step("Mesh off", lines.mesh_off, self._mesh_off, first, "exit code 0"),
            self._step("The reflector as global peer", lines.create_peer, self._create_peer, first, "1 resource made"),
            self._step("Sessions with the reflector", lines.connections, self._wait_reflected, by_hand,
                       f"{count} connections, all to {at}:{BGP_PORT}"),
            self._step("Every container pings every other, again", self._ping_line, self._ping_reflected,
                       self._pinger(), reached),
            self._step("A reflected route", self._route_line, self._show_route, node,
                       "ORIGINATOR_ID of its node, CLUSTER_LIST of the reflector"),
            self._step("Session counts side by side", lines.sessions, self._compare, first,
                       f"{mesh} sessions before, {count} now"),
            self._step("Pings throughout", self._ping_line, self._report_pings, self._pinger(),
                       "none lost in the mesh, none lost with the reflector"),
            last,
        ]  # fmt: skip

    async def close(self) -> None:
        """End what a step that was cut short left; a lab that is kept stays."""
        if self._let_go is not None:
            self._let_go()
            self._let_go = None
        if self._up is not None and not self._is_kept:
            await down(self._topology.name, self._environment)
            self._up = None

    # ------------------------------------------------------------------------------------------ steps, in order

    async def _raise(self, progress: Progress) -> Outcome:
        lab = await up(
            self._topology,
            on_progress=lambda text: progress(text, None, None),
            commands=self._commands,
            environment=self._environment,
        )
        self._up = Hands(lab)
        self._footprint = footprint(lab)
        if not self._is_kept:
            self._let_go = lab.hold()
        output = (
            f"{len(self._nodes)} nodes, {len(self._topology.containers)} containers, "
            f"reflector host {self._reflector.name} ({self._values['reflector']}), "
            f"API at https://{self._values['api']}:{self._values['port']}"
        )
        containers = {item.name: list(item.addresses) for item in lab.state.wiring.containers}
        return outcome("every process takes connections", "they do", ok=True, output=output, containers=containers)

    async def _wait_mesh(self, progress: Progress) -> Outcome:
        count = len(self._nodes)
        names = [node.name for node in self._nodes]
        ends = count * (count - 1)
        status = await self._hands.wait_sessions(lambda now: (count_established(now.hosts, names), ends), progress)
        self._mesh = status
        found = count_established(status.hosts, names)
        output = await self._type(self._nodes[0].name, SEED_LINES.sessions)
        return outcome(
            f"{ends // 2} sessions, n(n-1)/2, established at both ends",
            f"{found // 2} sessions" + ("" if found == ends else f" ({found} of {ends} ends): {problems_text(status)}"),
            ok=found == ends,
            output=output.stdout,
            sessions=found // 2,
        )

    async def _ping_mesh(self, progress: Progress) -> Outcome:
        result = await self._hands.ping_all(progress)
        if result.ok:
            await self._hands.probe.start(PING_INTERVAL_S)
        return result

    async def _get_as_number(self, _: Progress) -> Outcome:
        expected = str(self._topology.as_number)
        output = await self._type(self._nodes[0].name, SEED_LINES.get_as_number)
        return said(output, expected, ok=output.stdout.strip() == expected)

    async def _start_reflector(self, _: Progress) -> Outcome:
        await self._hands.lab.start_process(f"{self._reflector.name}/reflector")
        return outcome("it runs and answers for its status", "it does", ok=True, output="")

    async def _write_record(self, _: Progress) -> Outcome:
        output = await self._type(self._reflector.name, SEED_LINES.write_record)
        answer = parse_json(output.stdout)
        action = answer.get("action") if isinstance(answer, dict) else None
        node = answer.get("node") if isinstance(answer, dict) else None
        value = parse_json(str(node.get("value"))) if isinstance(node, dict) else None
        wanted = {"ip": self._values["reflector"], "cluster_id": self._values["cluster_id"]}
        expected = f'action "set" with cluster_id {wanted["cluster_id"]}'
        return said(output, expected, ok=action == "set" and value == wanted)

    async def _mesh_off(self, _: Progress) -> Outcome:
        self._lost_in_mesh = (await self._hands.probe.counters()).lost
        output = await self._type(self._nodes[0].name, SEED_LINES.mesh_off)
        return said(output, "exit code 0 and no word", ok=output.exit_code == 0 and not output.stdout.strip())

    async def _create_peer(self, _: Progress) -> Outcome:
        expected = "Successfully created 1 'bgpPeer' resource(s)"
        output = await self._type(self._nodes[0].name, SEED_LINES.create_peer)
        return said(output, expected, ok=output.exit_code == 0 and expected in output.stdout)

    async def _wait_reflected(self, progress: Progress) -> Outcome:
        names = [node.name for node in self._nodes]
        at = self._values["reflector"]
        status = await self._hands.wait_sessions(lambda now: reflected_sessions(now, names, at), progress)
        self._reflected = status
        output = await self._type(self._reflector.name, SEED_LINES.connections)
        found = [item for item in parse_ss(output.stdout) if BGP_PORT in (item.local[1], item.peer[1])]
        clients = sorted(item.peer[0] for item in found if item.state == "ESTAB" and item.local == (at, BGP_PORT))
        wanted = sorted(node.address(4) or "" for node in self._nodes)
        done, total = reflected_sessions(status, names, at)
        return outcome(
            f"{len(wanted)} connections, all to {at}:{BGP_PORT}, one from each node, and no other session",
            f"{len(found)} connections, to {at}:{BGP_PORT} from {', '.join(clients) or 'nobody'}"
            + ("" if done == total else f"; {done} of {total} session ends: {problems_text(status)}"),
            ok=clients == wanted and len(found) == len(wanted) and done == total,
            output=output.stdout,
            clients=clients,
        )

    async def _ping_reflected(self, progress: Progress) -> Outcome:
        result = await self._hands.ping_all(progress)
        await asyncio.sleep(LOST_AFTER_S)  # what was lost in the switch is counted as such only after this time
        self._lost_when_switched = (await self._hands.probe.counters()).lost
        return result

    async def _show_route(self, _: Progress) -> Outcome:
        node, target = self._nodes[1], self._nodes[2]
        prefix = self._shown_prefix()
        output = await self._type(node.name, SEED_LINES.routes, prefix=prefix)
        kernel = await self._type(node.name, SEED_LINES.kernel_route, prefix=prefix)
        path = find_best(parse_json(output.stdout), prefix) or {}
        seen = {name: path.get(name) for name in ("next_hop", "originator_id", "cluster_list")}
        wanted = {
            "next_hop": target.address(4),
            "originator_id": target.address(4),
            "cluster_list": [self._values["cluster_id"]],
        }
        is_in_kernel = f"via {target.address(4)} " in kernel.stdout
        return outcome(
            f"{attributes_text(wanted)}, and that next hop in the kernel",
            f"{attributes_text(seen) if path else f'no best path to {prefix}'}, "
            f"kernel: {kernel.stdout.strip() or 'nothing'}",
            ok=seen == wanted and is_in_kernel,
            output=output.stdout + kernel.stdout,
            path=dict(path),
        )

    async def _compare(self, _: Progress) -> Outcome:
        mesh, reflected = self._mesh, self._reflected
        assert mesh is not None, "a step before"
        assert reflected is not None, "a step before"
        count = len(self._nodes)
        now = await self._type(self._nodes[0].name, SEED_LINES.sessions)
        ends = {name: (ends_of(mesh, name), ends_of(reflected, name)) for name in self._host_names()}
        before, after = (sum(pair[side] for pair in ends.values()) // 2 for side in (0, 1))
        return outcome(
            f"{mesh_session_count(count)} sessions before, {count} now",
            f"{before} sessions before, {after} now",
            ok=(before, after) == (mesh_session_count(count), count),
            output=now.stdout + "\n" + side_by_side(ends, before, after),
            ends={name: {"mesh": pair[0], "reflector": pair[1]} for name, pair in ends.items()},
        )

    async def _report_pings(self, _: Progress) -> Outcome:
        end = await self._hands.probe.stop()
        lost = {
            "mesh": self._lost_in_mesh,
            "switch": self._lost_when_switched - self._lost_in_mesh,
            "reflector": end.lost - self._lost_when_switched,
        }
        return outcome(
            "none lost in the mesh, none lost with the reflector",
            f"{lost['mesh']} lost in the mesh, {lost['reflector']} with the reflector",
            ok=lost["mesh"] == 0 and lost["reflector"] == 0,
            output=(
                f"{end.sent} sent, {end.received} answered; {lost['switch']} lost while the mesh was off already "
                f"and the sessions with the reflector not there yet, the longest silence {end.outage_max_s:.1f} s"
            ),
            lost=lost,
            sent=end.sent,
            outage_max_s=round(end.outage_max_s, 3),
        )

    async def _take_down(self, _: Progress) -> Outcome:
        if self._let_go is not None:
            self._let_go()
            self._let_go = None
        if self._up is None:
            return outcome("nothing left behind", "nothing: it was not raised", ok=True, output="")
        await down(self._topology.name, self._environment)
        self._up = None
        left = leftovers(self._footprint) if self._footprint is not None else []
        return outcome("nothing left behind", "; ".join(left) or "nothing", ok=not left, output="")

    async def _stay(self, _: Progress) -> Outcome:
        status = await lab_status(self._hands.lab)
        output = f"`tortie lab exec HOST -- COMMAND` types at a host; `tortie lab down {status.name}` takes it down"
        return outcome("a lab that is up", f"lab {status.name} with {len(status.hosts)} hosts", ok=True, output=output)

    # ------------------------------------------------------------------------------------------ what steps share

    @property
    def _hands(self) -> Hands:
        if self._up is None:
            raise LabError("the lab is not up")
        return self._up

    async def _type(self, host: str, line: str, **more: str) -> Output:
        """Run a line by a shell on a host, its words in braces filled in."""
        return await self._hands.type(host, line.format(**self._values, **more))

    def _step(
        self,
        title: str,
        line: str | Callable[[], str],
        run: Callable[[Progress], Awaitable[Outcome]],
        host: str,
        expected: str,
    ) -> Step:
        command = (lambda: line.format(**self._values)) if isinstance(line, str) else line
        return Step(title=title, command=command, run=run, expected=expected, host=host)

    def _pinger(self) -> str:
        return self._topology.containers[0].name

    def _ping_line(self) -> str:
        address = self._hands.lab.state.wiring.containers[-1].addresses[0].partition("/")[0]
        return SEED_LINES.ping.format(container_address=address)

    def _route_line(self) -> str:
        lines = (SEED_LINES.routes, SEED_LINES.kernel_route)
        return "\n".join(line.format(prefix=self._shown_prefix()) for line in lines)

    def _shown_prefix(self) -> str:
        """Return the block of the third node's first container."""
        target = self._nodes[2].name
        container = next(item for item in self._hands.lab.state.wiring.containers if item.host == target)
        return block_of(container.addresses[0], self._topology.pools[0].block_size or BLOCK_SIZE_DEFAULT)

    def _host_names(self) -> list[str]:
        return [*(node.name for node in self._nodes), self._reflector.name]


# ------------------------------------------------------------------------------------------------ leaves


def _parts(topology: Topology) -> tuple[Host, Host]:
    """Return the reflector that is started by hand and the host of the API."""
    by_hand = [host for host in topology.reflectors if host.is_manual and host.address(4)]
    servers = [host for host in topology.hosts if host.api_port is not None and host.address(4)]
    has_all = len(topology.nodes) >= NODES_MIN and all(node.containers for node in topology.nodes[:NODES_MIN])
    if len(by_hand) != 1 or len(servers) != 1 or not has_all:
        raise TopologyInvalid(
            topology.source,
            "hosts",
            f"{len(topology.nodes)} nodes, {len(by_hand)} reflectors with `start: manual`, {len(servers)} APIs",
            f"for this walk: {NODES_MIN} nodes or more with containers, one such reflector, one API, all with IPv4",
        )
    return by_hand[0], servers[0]
