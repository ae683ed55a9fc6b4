"""`tortie lab run seed`: the document's cluster as a full mesh, then turned to route reflection by its own commands.

For: the steps, what each must show, and what is compared. Not here: running steps (walk.py), events on a screen (the
CLI), the text that is typed (lines.py).

What is typed on a host is run as it is printed, by a shell on that host. Some lines stand for what the lab does itself:
`lab up` and `lab down`; the start of the reflector, which is the holder's work, so that its end is noticed; and `ping`,
since the lab's prober asks all pairs at once. Any topology will do that has nodes on one LAN, one reflector that is
started by hand, and one API. Where all of them have IPv6 as well, each family has sessions, a record, a global peer and
a route that is shown of its own. Where the datastore is etcd, the record is read back from a member and a member is
killed; the walk goes on with the others. Structure to know: `SeedWalk`; `run_seed` is the way in.
"""

import asyncio
import json
import os
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

from tortie.lab.checks import (
    BGP_PORT,
    attributes_text,
    block_of,
    count_established,
    ends_of,
    find_best,
    gateway_value,
    mesh_session_count,
    parse_json,
    parse_ss,
    problems_text,
    reflected_sessions,
    side_by_side,
)
from tortie.lab.commands import COMMANDS, CommandLines
from tortie.lab.errors import TopologyInvalid
from tortie.lab.etcd_lab import etcd_cluster, member_process
from tortie.lab.etcd_members import EtcdMember
from tortie.lab.lab_walk import LabWalk, run_lab_walk
from tortie.lab.lines import SEED_LINES, line_values
from tortie.lab.pings import LOST_AFTER_S
from tortie.lab.status import LabStatus, lab_status
from tortie.lab.topology import Host, Topology
from tortie.lab.walk import OnEvent, Outcome, Progress, Step, WalkRecord
from tortie.lab.walk_tools import PING_ROUNDS, outcome, said

__all__ = ["SeedWalk", "run_seed"]

PING_INTERVAL_S: Final = 0.1
BLOCK_SIZES: Final = {4: 26, 6: 122}
"""Of a pool that does not say; by IP version."""

FAMILY_MARKS: Final = {4: ".", 6: ":"}
"""IP version → what every address of it has in it, and none of the other."""

KERNEL_LINES: Final = {4: SEED_LINES.kernel_route, 6: SEED_LINES.kernel_route_v6}
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
    return await run_lab_walk(walk, on_event)


class SeedWalk(LabWalk):
    """The steps and what they know of one another."""

    def __init__(
        self, topology: Topology, *, is_kept: bool, commands: CommandLines, environment: Mapping[str, str]
    ) -> None:
        """Take what run_seed takes; TopologyInvalid if the walk does not fit the topology."""
        super().__init__(topology, is_kept=is_kept, commands=commands, environment=environment)
        self._reflector, self._api = _parts(topology)
        self._nodes = topology.nodes
        self._mesh: LabStatus | None = None
        self._reflected: LabStatus | None = None
        self._lost_in_mesh = 0
        self._lost_when_switched = 0
        self._versions = _versions(topology, self._reflector)
        self._addresses = [self._reflector.address(version) or "" for version in self._versions]
        self._values = line_values(topology, self._reflector, self._api)

    def steps(self) -> list[Step]:
        """Return the steps in order."""
        mesh, count = self._counts()
        first = self._nodes[0].name
        by_hand, lines = self._reflector.name, SEED_LINES
        as_number = str(self.topology.as_number)
        reached = "every container answers every other"
        return [
            self._first_step(),
            self._step("Full mesh", lines.sessions, self._wait_mesh, first, f"{mesh} sessions, {self._mesh_text()}"),
            self._step("Every container pings every other", self._ping_line, self._ping_mesh, self._pinger(), reached),
            self._step("The AS number", lines.get_as_number, self._get_as_number, first, as_number),
            self._step("Start the reflector", lines.run_reflector, self._start_reflector, by_hand, "it runs"),
            *(self._record_step(version) for version in self._versions),
            *self._etcd_steps(),
            self._step("Mesh off", lines.mesh_off, self._mesh_off, first, "exit code 0"),
            *(self._peer_step(version) for version in self._versions),
            self._step("Sessions with the reflector", lines.connections, self._wait_reflected, by_hand,
                       f"{count} connections, all to {self._ends_text()}"),
            self._step("Every container pings every other, again", self._ping_line, self._ping_reflected,
                       self._pinger(), reached),
            *(self._route_step(version, *pair) for pair in _shown(self._nodes) for version in self._versions),
            self._step("Session counts side by side", lines.sessions, self._compare, first,
                       f"{mesh} sessions before, {count} now"),
            self._step("Pings throughout", self._ping_line, self._report_pings, self._pinger(),
                       "none lost in the mesh, none lost with the reflector"),
            self._last_step(),
        ]  # fmt: skip

    # ------------------------------------------------------------------------------------------ steps, in order

    def _raised_text(self) -> str:
        return (
            f"{len(self._nodes)} nodes, {len(self.topology.containers)} containers, "
            f"reflector host {self._reflector.name} ({', '.join(self._addresses)}), "
            f"API at https://{self._values['api']}:{self._values['port']}"
        )

    async def _wait_mesh(self, progress: Progress) -> Outcome:
        ends = 2 * self._counts()[0]
        status = await self._hands.wait_sessions(lambda now: (self._mesh_ends(now), ends), progress)
        self._mesh = status
        found = self._mesh_ends(status)
        output = await self._type(self._nodes[0].name, SEED_LINES.sessions)
        return outcome(
            f"{ends // 2} sessions, {self._mesh_text()}, established at both ends",
            f"{found // 2} sessions" + ("" if found == ends else f" ({found} of {ends} ends): {problems_text(status)}"),
            ok=found == ends,
            output=output.stdout,
            sessions=found // 2,
        )

    def _mesh_ends(self, status: LabStatus) -> int:
        return count_established(status.hosts, [node.name for node in self._nodes])

    async def _ping_mesh(self, progress: Progress) -> Outcome:
        result = await self._hands.ping_all(progress)
        if result.ok:
            await self._hands.probe.start(PING_INTERVAL_S)
        return result

    async def _get_as_number(self, _: Progress) -> Outcome:
        expected = str(self.topology.as_number)
        output = await self._type(self._nodes[0].name, SEED_LINES.get_as_number)
        return said(output, expected, ok=output.stdout.strip() == expected)

    async def _start_reflector(self, _: Progress) -> Outcome:
        await self._hands.lab.start_process(f"{self._reflector.name}/reflector")
        return outcome("it runs and answers for its status", "it does", ok=True, output="")

    def _record_step(self, version: int) -> Step:
        line = SEED_LINES.write_record.format(**self._values_of(version))
        run = partial(self._write_record, version, line)
        title = _titled("Write its record", version)
        return self._step(title, lambda: line, run, self._reflector.name, "etcd's answer to a set")

    async def _write_record(self, version: int, line: str, _: Progress) -> Outcome:
        output = await self._hands.type(self._reflector.name, line)
        answer = parse_json(output.stdout)
        action = answer.get("action") if isinstance(answer, dict) else None
        node = answer.get("node") if isinstance(answer, dict) else None
        value = parse_json(str(node.get("value"))) if isinstance(node, dict) else None
        wanted = {"ip": self._reflector.address(version), "cluster_id": self._values["cluster_id"]}
        expected = f'action "set" with cluster_id {wanted["cluster_id"]}'
        return said(output, expected, ok=action == "set" and value == wanted)

    def _etcd_steps(self) -> list[Step]:
        """Return what there is to see where the datastore is etcd: what it holds, and a member's death."""
        cluster = etcd_cluster(self.topology)
        if cluster is None:
            return []
        last = cluster.members[-1]
        read = [self._read_step(version, last) for version in self._versions]
        kill = SEED_LINES.kill_member.format(member_host=last.name)
        line = f"{kill}\n{SEED_LINES.get_as_number}"
        expected = "the others answer, no session and no ping is lost"
        died = self._step("A member of etcd dies", line, partial(self._kill_member, last, kill), last.name, expected)
        return [*read, died] if len(cluster.members) > 1 else read

    def _read_step(self, version: int, member: EtcdMember) -> Step:
        line = SEED_LINES.read_record.format(**self._values_of(version), member=member.endpoint)
        title = _titled("Read it from etcd itself", version)
        run = partial(self._read_record, version, line)
        return self._step(title, lambda: line, run, self._reflector.name, "the record, in base64")

    async def _read_record(self, version: int, line: str, _: Progress) -> Outcome:
        output = await self._hands.type(self._reflector.name, line)
        value = parse_json(gateway_value(output.stdout))
        wanted = {"ip": self._reflector.address(version), "cluster_id": self._values["cluster_id"]}
        return outcome(
            f"one key whose value is {json.dumps(wanted)}",
            f"value {json.dumps(value)}" if value else output.stdout.strip() or output.stderr.strip(),
            ok=value == wanted,
            output=output.stdout,
        )

    async def _kill_member(self, member: EtcdMember, line: str, _: Progress) -> Outcome:
        """Kill a member, ask for the AS number on its host, and let everybody ping on."""
        before = (await self._hands.probe.counters()).lost
        await self._hands.type(member.name, line)
        status = await self._hands.wait_status(lambda now: _has_ended(now, member))
        answer = await self._type(member.name, SEED_LINES.get_as_number)
        await self._hands.wait_pings(PING_ROUNDS)
        lost = (await self._hands.probe.counters()).lost - before
        status = await lab_status(self._hands.lab)
        ends, found = 2 * self._counts()[0], self._mesh_ends(status)
        has_answer = answer.stdout.strip() == str(self.topology.as_number)
        return outcome(
            f"it is gone, the AS number is {self.topology.as_number}, {ends // 2} sessions, no ping lost",
            f"it {'is gone' if _has_ended(status, member) else 'runs'}, the AS number is "
            f"{(answer.stdout or answer.stderr).strip()}, {found // 2} sessions, {lost} pings lost",
            ok=_has_ended(status, member) and has_answer and found == ends and lost == 0,
            output=answer.stdout,
            lost=lost,
            sessions=found // 2,
        )

    async def _mesh_off(self, _: Progress) -> Outcome:
        self._lost_in_mesh = (await self._hands.probe.counters()).lost
        output = await self._type(self._nodes[0].name, SEED_LINES.mesh_off)
        return said(output, "exit code 0 and no word", ok=output.exit_code == 0 and not output.stdout.strip())

    def _peer_step(self, version: int) -> Step:
        line = SEED_LINES.create_peer.format(**self._values_of(version))
        title = _titled("The reflector as global peer", version)
        run = partial(self._create_peer, line)
        return self._step(title, lambda: line, run, self._nodes[0].name, "1 resource made")

    async def _create_peer(self, line: str, _: Progress) -> Outcome:
        expected = "Successfully created 1 'bgpPeer' resource(s)"
        output = await self._hands.type(self._nodes[0].name, line)
        return said(output, expected, ok=output.exit_code == 0 and expected in output.stdout)

    async def _wait_reflected(self, progress: Progress) -> Outcome:
        names = [node.name for node in self._nodes]
        at = self._addresses
        status = await self._hands.wait_sessions(self._reflected_ends, progress)
        self._reflected = status
        output = await self._type(self._reflector.name, SEED_LINES.connections)
        found = [item for item in parse_ss(output.stdout) if BGP_PORT in (item.local[1], item.peer[1])]
        right = [item for item in found if item.state == "ESTAB" and item.local in [(text, BGP_PORT) for text in at]]
        clients = sorted(item.peer[0] for item in right)
        wanted = sorted(node.address(version) or "" for node in self._nodes for version in self._versions)
        done, total = reflected_sessions(status, names, at)
        return outcome(
            f"{len(wanted)} connections, all to {self._ends_text()}, one from each node, and no other session",
            f"{len(found)} connections, to {self._ends_text()} from {', '.join(clients) or 'nobody'}"
            + ("" if done == total else f"; {done} of {total} session ends: {problems_text(status)}"),
            ok=clients == wanted and len(found) == len(wanted) and done == total,
            output=output.stdout,
            clients=clients,
        )

    def _reflected_ends(self, status: LabStatus) -> tuple[int, int]:
        """Return (ends that are there, ends that should be), the reflector's own among them."""
        names = [node.name for node in self._nodes]
        done, total = reflected_sessions(status, names, self._addresses)
        return done + ends_of(status, self._reflector.name), total + self._counts()[1]

    async def _ping_reflected(self, progress: Progress) -> Outcome:
        result = await self._hands.ping_all(progress)
        await asyncio.sleep(LOST_AFTER_S)  # what was lost in the switch is counted as such only after this time
        self._lost_when_switched = (await self._hands.probe.counters()).lost
        return result

    def _route_step(self, version: int, node: Host, target: Host) -> Step:
        expected = "ORIGINATOR_ID of its node, CLUSTER_LIST of the reflector"
        line = partial(self._route_line, version, target)
        title = _titled("A reflected route", version)
        return self._step(title, line, partial(self._show_route, version, node, target), node.name, expected)

    async def _show_route(self, version: int, node: Host, target: Host, _: Progress) -> Outcome:
        prefix = self._prefix_of(version, target)
        output = await self._type(node.name, SEED_LINES.routes, prefix=prefix)
        kernel = await self._type(node.name, KERNEL_LINES[version], prefix=prefix)
        path = find_best(parse_json(output.stdout), prefix) or {}
        seen = {name: path.get(name) for name in ("next_hop", "originator_id", "cluster_list")}
        wanted = {
            "next_hop": target.address(version),
            "originator_id": target.address(4),
            "cluster_list": [self._values["cluster_id"]],
        }
        is_in_kernel = f"via {target.address(version)} " in kernel.stdout
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
        mesh_count, count = self._counts()
        now = await self._type(self._nodes[0].name, SEED_LINES.sessions)
        ends = {name: (ends_of(mesh, name), ends_of(reflected, name)) for name in self._host_names()}
        before, after = (sum(pair[side] for pair in ends.values()) // 2 for side in (0, 1))
        return outcome(
            f"{mesh_count} sessions before, {count} now",
            f"{before} sessions before, {after} now",
            ok=(before, after) == (mesh_count, count),
            output=now.stdout + "\n" + side_by_side(ends, before, after, len(self._versions)),
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

    # ------------------------------------------------------------------------------------------ what steps share

    def _counts(self) -> tuple[int, int]:
        """Return the sessions of the mesh and those with the reflector."""
        count, families = len(self._nodes), len(self._versions)
        return mesh_session_count(count) * families, count * families

    def _mesh_text(self) -> str:
        return "n(n-1)/2" if len(self._versions) == 1 else "n(n-1)/2 a family"

    def _ends_text(self) -> str:
        return " and ".join(f"[{text}]:{BGP_PORT}" if ":" in text else f"{text}:{BGP_PORT}" for text in self._addresses)

    def _values_of(self, version: int) -> dict[str, str]:
        return line_values(self.topology, self._reflector, self._api, version)

    def _route_line(self, version: int, target: Host) -> str:
        prefix = self._prefix_of(version, target)
        return "\n".join(line.format(prefix=prefix) for line in (SEED_LINES.routes, KERNEL_LINES[version]))

    def _prefix_of(self, version: int, node: Host) -> str:
        """Return the block of a node's first container."""
        mark = FAMILY_MARKS[version]
        container = next(item for item in self._hands.lab.state.wiring.containers if item.host == node.name)
        address = next(text for text in container.addresses if mark in text)
        pool = next(pool for pool in self.topology.pools if mark in pool.cidr)
        return block_of(address, pool.block_size or BLOCK_SIZES[version])

    def _host_names(self) -> list[str]:
        return [*(node.name for node in self._nodes), self._reflector.name]


# ------------------------------------------------------------------------------------------------ leaves


def _shown(nodes: Sequence[Host]) -> list[tuple[Host, Host]]:
    """Return a node that shows its routes and one whose route it shows; none where all speakers are foreign ones."""
    first, second, third = nodes[:NODES_MIN]
    node = next((each for each in (second, first, third) if each.agent == "tortie"), None)
    return [] if node is None else [(node, second if node == third else third)]


def _versions(topology: Topology, reflector: Host) -> tuple[int, ...]:
    """Return 4, and 6 where reflector, nodes, containers and a pool have it."""
    has_hosts = all(host.address(6) for host in (reflector, *topology.nodes))
    has_pool = any(FAMILY_MARKS[6] in pool.cidr for pool in topology.pools)
    fixed = [item.addresses for item in topology.containers if item.addresses]
    has_containers = all(any(FAMILY_MARKS[6] in text for text in addresses) for addresses in fixed)
    return (4, 6) if has_hosts and has_pool and has_containers else (4,)


def _has_ended(status: LabStatus, member: EtcdMember) -> bool:
    name = member_process(member.name)
    return any(each.name == name and not each.is_running for host in status.hosts for each in host.processes)


def _titled(title: str, version: int) -> str:
    return title if version == 4 else f"{title}, IPv{version}"  # noqa: PLR2004 - the IP version's own number


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
