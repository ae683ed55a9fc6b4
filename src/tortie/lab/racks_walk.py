"""`tortie lab run racks`: racks of nodes, each behind two route reflectors and a router, and what failures do to them.

For: the steps, and what each must show; what is expected is worked out from the topology (racks.py). With cluster ids
that hold, the walk shows both ways of a packet, a route that is reflected twice, a loop that is cut, and failures of
one and of both reflectors of a rack. With ids under which a single failure cuts racks off from one another (the
document's own, as printed) it shows these failures. Not here: running steps (walk.py), events on a screen (the CLI).

What is typed on a host is run as it is printed; `tortie lab` lines and `ping` stand for what the lab does itself.
Structure to know: `RacksWalk`.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final

from tortie.lab.checks import attributes_text, block_of, find_best, find_paths, gateway_of, parse_json, problems_text
from tortie.lab.commands import CommandLines, agent_process
from tortie.lab.errors import TopologyInvalid
from tortie.lab.lab_walk import LabWalk
from tortie.lab.racks import Racks, Stopped
from tortie.lab.status import HostStatus, LabStatus
from tortie.lab.topology import Host, Topology
from tortie.lab.walk import Outcome, Progress, Step
from tortie.lab.walk_tools import outcome

__all__ = ["RacksWalk", "fits_racks"]

BLOCK_SIZE_DEFAULT: Final = 26
HOPS_MAX: Final = 8
LOOP_REASON: Final = "own cluster id in CLUSTER_LIST"
REACHED: Final = "every container answers every other"

ROUTES: Final = "calicoctl {kind} routes {prefix} -o json"
KERNEL: Final = "ip route show proto 77"
ROUTE_GET: Final = "ip route get {address}"
KILL: Final = "kill -9 $(pgrep --ns $$ --nslist net -f 'reflector [r]un')"
"""All hosts of a lab share one pid namespace, so a host's own processes are those of its network namespace."""

MISSING_SHOWN_MAX: Final = 4


def fits_racks(topology: Topology) -> bool:
    """Tell whether a topology is racks: two LANs of nodes, no mesh of nodes, reflectors that run by themselves."""
    lans = {host.interfaces[0].lan for host in topology.nodes if host.containers}
    reflectors = topology.reflectors
    is_served = all(topology.peers_of(host.name) for host in topology.nodes)
    has_ids = all(host.cluster_id is None for host in topology.nodes)
    is_started = bool(reflectors) and not any(host.is_manual for host in reflectors)
    return not topology.has_node_mesh and len(lans) > 1 and is_started and is_served and has_ids


class RacksWalk(LabWalk):
    """The steps and what they know of one another."""

    def __init__(
        self, topology: Topology, *, is_kept: bool, commands: CommandLines, environment: Mapping[str, str]
    ) -> None:
        """Take what to raise; TopologyInvalid if the walk does not fit the topology."""
        super().__init__(topology, is_kept=is_kept, commands=commands, environment=environment)
        self._racks = Racks(topology)
        self._near, self._far, self._neighbour = _nodes_to_show(topology)
        self._owners = {
            text.partition("/")[0]: host.name
            for host in topology.hosts
            for item in host.interfaces
            for text in item.addresses
        }

    def steps(self) -> list[Step]:
        """Return the steps in order."""
        failing = self._racks.single_failures()
        return [
            self._first_step(),
            self._step("Sessions", "tortie lab status {lab}", self._wait_sessions, "",
                       f"{self._racks.session_count()} sessions, each where it should be"),
            self._step("Every container pings every other", self._ping_line, self._ping_all, self._pinger(), REACHED),
            *(self._steps_as_printed(failing) if failing else self._steps_as_meant()),
            self._last_step(),
        ]  # fmt: skip

    def _steps_as_meant(self) -> list[Step]:
        near, far, neighbour = self._near, self._far, self._neighbour
        first, second = self._racks.reflectors(near)[:2]
        pair = (first, second)
        return [
            self._path_step("In one LAN", near, neighbour),
            self._path_step("From rack to rack, hop by hop", near, far),
            *self._reflection_steps(near, far),
            *self._kill_steps(first, far),
            self._stop_step("Both reflectors of a rack are stopped", pair),
            self._kernel_step(near),
            self._return_step(pair),
        ]  # fmt: skip

    def _kill_steps(self, first: Host, far: Host) -> list[Step]:
        """Return the death of one reflector, then of one of another rack beside it where nobody is cut off by both."""
        other = self._racks.reflectors(far)[0]
        killed = [("One reflector is killed", first)]
        if other != first and not self._racks.silent(frozenset((first.name, other.name))):
            killed.append(("One of another rack is killed as well", other))
        return [
            *(self._step(title, KILL, partial(self._kill, host), host.name, REACHED) for title, host in killed),
            self._return_step([host for _, host in killed]),
        ]

    def _reflection_steps(self, near: Host, far: Host) -> list[Step]:
        """Return what shows cluster ids at work; with one id a reflector and not a rack, less can be foretold."""
        first, second = self._racks.reflectors(near)[:2]
        there = self._racks.reflectors(far)
        found: list[Step] = []
        if _have_one_id((first, second)) and _have_one_id(there) and first not in there:
            line, run = partial(self._routes_line, "node", far), partial(self._show_reflected, near, far)
            expected = "ORIGINATOR_ID of its node, CLUSTER_LIST of both racks"
            found.append(self._step("A route that was reflected twice", line, run, near.name, expected))
        if self._racks.is_refused(first, second):
            found.append(self._loop_step("A loop is cut", first, second, near, is_known=True))
        return found

    def _steps_as_printed(self, failing: Sequence[Host]) -> list[Step]:
        found: list[Step] = []
        for reflector in self.topology.reflectors:
            senders = [other for other in self._racks.mesh(reflector) if self._racks.is_refused(reflector, other)]
            for sender in senders:
                node = next((host for host in self._racks.clients(sender) if host.containers), None)
                if node is not None and not self._racks.knows(reflector, node):
                    title = f"What {reflector.name} does not take from {sender.name}"
                    found.append(self._loop_step(title, reflector, sender, node, is_known=False))
        for reflector in failing:
            found.append(self._stop_step(f"One reflector stops: {reflector.name}", (reflector,)))
            found.append(self._return_step((reflector,)))
        return found

    # ------------------------------------------------------------------------------------------ steps, in order

    def _raised_text(self) -> str:
        topology = self.topology
        routers = sum(host.role == "router" for host in topology.nodes)
        ids = ", ".join(f"{host.name} {host.cluster_id or 'none'}" for host in topology.reflectors)
        return (
            f"{len(topology.nodes) - routers} nodes, {len(topology.containers)} containers, {routers} routers\n"
            f"reflectors and their cluster ids: {ids}"
        )

    async def _wait_sessions(self, progress: Progress) -> Outcome:
        status = await self._hands.wait_sessions(self._count_ends, progress)
        done, total = self._count_ends(status)
        count = self._racks.session_count()
        return outcome(
            f"{count} sessions, each where it should be",
            f"{done // 2} sessions" + ("" if done == total else f" ({done} of {total} ends): {problems_text(status)}"),
            ok=done == total,
            output="\n".join(self._sessions_line(host, status) for host in self.topology.reflectors),
            sessions={host.name: [item.remote_address for item in host.sessions or ()] for host in status.hosts},
        )

    def _count_ends(self, status: LabStatus) -> tuple[int, int]:
        """Return (ends that are as they should be, ends there are or should be)."""
        done = total = 0
        for host in (*self.topology.nodes, *self.topology.reflectors):
            wanted = self._racks.peers(host)
            sessions = _status_of(status, host).sessions or ()
            there = {item.remote_address for item in sessions if item.is_established}
            done += len(wanted & there)
            total += len(wanted | {item.remote_address for item in sessions})
        return done, total

    def _sessions_line(self, reflector: Host, status: LabStatus) -> str:
        clients: list[str] = []
        others: list[str] = []
        for item in _status_of(status, reflector).sessions or ():
            if item.is_established:
                (clients if item.is_client else others).append(self._owners.get(item.remote_address, "?"))
        mesh = ", ".join(others) or "nobody"
        identity = f"{reflector.name} (cluster {reflector.cluster_id or 'none'})"
        return f"{identity}: clients {', '.join(clients) or 'none'}; mesh with {mesh}"

    async def _ping_all(self, progress: Progress) -> Outcome:
        return await self._hands.ping_all(progress)

    def _path_step(self, title: str, source: Host, target: Host) -> Step:
        names = [host.name for host in self._racks.route(source, target)]
        line = lambda: f"{ROUTE_GET.format(address=self._address_of(target))}    # at {', '.join(names)}"  # noqa: E731 - asked when the step begins
        run = partial(self._show_path, source, target)
        return self._step(title, line, run, source.name, " → ".join(names))

    async def _show_path(self, source: Host, target: Host, _: Progress) -> Outcome:
        address = self._address_of(target)
        names = [source.name]
        lines: list[str] = []
        while len(lines) < HOPS_MAX:
            output = await self._type(names[-1], ROUTE_GET, address=address)
            lines.append(f"{names[-1]}: {(output.stdout or output.stderr).partition(chr(10))[0].strip()}")
            gateway = gateway_of(output.stdout)
            if gateway is None:
                break
            names.append(self._owners.get(gateway, gateway))
        wanted = [host.name for host in self._racks.route(source, target)]
        is_delivered = f"{address} dev cali" in lines[-1]
        seen = " → ".join(names) + ("" if is_delivered else f", where no container has {address}")
        is_right = names == wanted and is_delivered
        return outcome(" → ".join(wanted), seen, ok=is_right, output="\n".join(lines), hops=names)

    async def _show_reflected(self, node: Host, target: Host, _: Progress) -> Outcome:
        prefix = self._prefix_of(target)
        line = ROUTES.format(kind="node", prefix=prefix)
        output = await self._hands.wait_said(
            node.name, line, lambda text: find_best(parse_json(text), prefix) is not None
        )
        path = find_best(parse_json(output.stdout), prefix) or {}
        seen = {name: path.get(name) for name in ("next_hop", "originator_id", "cluster_list")}
        ids = [self._racks.reflectors(host)[0].cluster_id for host in (node, target)]
        wanted = {"next_hop": target.address(4), "originator_id": target.address(4), "cluster_list": ids}
        return outcome(
            attributes_text(wanted),
            attributes_text(seen) if path else f"no best path to {prefix}",
            ok=seen == wanted,
            output=output.stdout,
            path=dict(path),
        )

    def _loop_step(self, title: str, reflector: Host, sender: Host, node: Host, *, is_known: bool) -> Step:
        run = partial(self._show_loop, reflector, sender, node, is_known=is_known)
        expected = f"{node.name}'s route from {sender.name}, kept and not used: {LOOP_REASON}"
        return self._step(title, partial(self._routes_line, "reflector", node), run, reflector.name, expected)

    async def _show_loop(self, reflector: Host, sender: Host, node: Host, _: Progress, *, is_known: bool) -> Outcome:
        prefix = self._prefix_of(node)
        line = ROUTES.format(kind="reflector", prefix=prefix)

        def path_of(text: str) -> Mapping[str, object]:
            """Return the sender's path; pings may answer by way of others before it is there."""
            paths = find_paths(parse_json(text), prefix)
            return next((item for item in paths if item.get("peer") == sender.address(4)), {})

        output = await self._hands.wait_said(reflector.name, line, lambda text: bool(path_of(text)))
        content, path = parse_json(output.stdout), path_of(output.stdout)
        best = find_best(content, prefix)
        reason = path.get("reason") if path else "no such path"
        has_best, has_none = "another path is best", f"{reflector.name} has no way to {node.name}"
        text = "the path from {sender} is not used: {reason}; {rest}"
        return outcome(
            text.format(sender=sender.name, reason=LOOP_REASON, rest=has_best if is_known else has_none),
            text.format(sender=sender.name, reason=reason, rest=has_none if best is None else has_best),
            ok=reason == LOOP_REASON and (best is not None) == is_known,
            output=output.stdout,
            path=dict(path),
        )

    async def _kill(self, reflector: Host, progress: Progress) -> Outcome:
        return await self._hands.kill(reflector, KILL, progress)

    def _stop_step(self, title: str, reflectors: Sequence[Host]) -> Step:
        line = self._lab_lines("stop", reflectors)
        stopped = frozenset(host.name for host in reflectors)
        return self._step(title, line, partial(self._stop, reflectors), "", self._expected_silence(stopped))

    async def _stop(self, reflectors: Sequence[Host], progress: Progress) -> Outcome:
        for host in reflectors:
            await self._hands.lab.stop_process(agent_process(host.name, host.role))
        stopped = frozenset(host.name for host in reflectors)
        wanted = self._racks.silent(stopped)
        reach = await self._hands.wait_silent(wanted, progress)
        seen = frozenset((pair.source, pair.destination) for pair in reach.silent)
        missing = [f"{a} → {b} {'answers' if (a, b) in wanted else 'is silent'}" for a, b in sorted(seen ^ wanted)]
        shown = "; ".join(missing[:MISSING_SHOWN_MAX]) + (", and more" if missing[MISSING_SHOWN_MAX:] else "")
        expected = self._expected_silence(stopped)
        return outcome(
            expected,
            shown or expected,
            ok=not missing,
            output=self._reach_table(seen),
            silent=sorted(map(list, seen)),
        )

    def _expected_silence(self, stopped: Stopped) -> str:
        containers = len(self.topology.containers)
        pairs = containers * (containers - 1)
        return f"{pairs - len(self._racks.silent(stopped))} of {pairs} pairs answer, the others have no way"

    def _reach_table(self, silent: frozenset[tuple[str, str]]) -> str:
        """Return whose containers reach whose, one row and one column a node."""
        nodes = [host for host in self.topology.nodes if host.containers]
        cut = {
            (_host_of(self.topology, source), _host_of(self.topology, destination)) for source, destination in silent
        }
        width = max(len(host.name) for host in nodes)
        rows = [" ".join(f"{name:>{width}}" for name in ("", *(host.name for host in nodes)))]
        for row in nodes:
            marks = ("." if row is column else "-" if (row.name, column.name) in cut else "+" for column in nodes)
            rows.append(" ".join(f"{text:>{width}}" for text in (row.name, *marks)))
        return "\n".join([*rows, "+ reaches, - does not"])

    def _kernel_step(self, node: Host) -> Step:
        expected = f"{node.name} has its own routes only: none by way of another host"
        return self._step("What is left in the kernel", KERNEL, partial(self._show_kernel, node), node.name, expected)

    async def _show_kernel(self, node: Host, _: Progress) -> Outcome:
        output = await self._hands.wait_said(node.name, KERNEL, lambda text: " via " not in text)
        lines = output.stdout.splitlines()
        others = [line.strip() for line in lines if " via " in line]
        own = len(node.containers) + 1  # a route to each container, and the blackhole of the block
        return outcome(
            f"{own} routes of its own, none by way of another host",
            f"{len(lines) - len(others)} routes of its own, {'; '.join(others) or 'none'} by way of another host",
            ok=not others and len(lines) == own,
            output=output.stdout,
        )

    def _return_step(self, reflectors: Sequence[Host]) -> Step:
        title = "It comes back" if len(reflectors) == 1 else "They come back"
        line = self._lab_lines("start", reflectors)
        return self._step(title, line, partial(self._bring_back, reflectors), "", f"all sessions, and {REACHED}")

    async def _bring_back(self, reflectors: Sequence[Host], progress: Progress) -> Outcome:
        for host in reflectors:
            await self._hands.lab.start_process(agent_process(host.name, host.role))
        sessions = await self._wait_sessions(progress)
        if not sessions.ok:
            return sessions
        result = await self._hands.ping_all(progress)
        seen = f"{sessions.seen}; {result.seen} pairs answer"
        return outcome(f"{sessions.expected}; {result.expected}", seen, ok=result.ok, output=result.output)

    # ------------------------------------------------------------------------------------------ what steps share

    def _lab_lines(self, verb: str, reflectors: Sequence[Host]) -> Callable[[], str]:
        lines = [f"tortie lab {verb} {host.name}" for host in reflectors]
        return lambda: "\n".join(lines)

    def _address_of(self, node: Host) -> str:
        """Return the address of a node's first container."""
        containers = self._hands.lab.state.wiring.containers
        return next(item.addresses[0] for item in containers if item.host == node.name).partition("/")[0]

    def _prefix_of(self, node: Host) -> str:
        """Return the block of a node's first container."""
        return block_of(self._address_of(node), self.topology.pools[0].block_size or BLOCK_SIZE_DEFAULT)

    def _routes_line(self, kind: str, node: Host) -> str:
        return ROUTES.format(kind=kind, prefix=self._prefix_of(node))


# ------------------------------------------------------------------------------------------------ leaves


def _nodes_to_show(topology: Topology) -> tuple[Host, Host, Host]:
    """Return a node, one of another LAN, and another one of its own LAN."""
    nodes = [host for host in topology.nodes if host.containers]
    near = nodes[0] if nodes else None
    lan = near.interfaces[0].lan if near else ""
    far = next((host for host in nodes if host.interfaces[0].lan != lan), None)
    neighbour = next((host for host in nodes[1:] if host.interfaces[0].lan == lan), None)
    pairs = near is not None and len(Racks(topology).reflectors(near)) > 1
    if near is None or far is None or neighbour is None or not pairs or not fits_racks(topology):
        raise TopologyInvalid(
            topology.source,
            "hosts",
            f"{len(nodes)} nodes with containers, {len(topology.reflectors)} reflectors",
            "for this walk: two LANs or more of nodes with containers, two in the first, each node with two "
            "reflectors of its own that start by themselves, and no mesh of nodes",
        )
    return near, far, neighbour


def _have_one_id(reflectors: Sequence[Host]) -> bool:
    return len({reflector.cluster_id for reflector in reflectors}) == 1


def _status_of(status: LabStatus, host: Host) -> HostStatus:
    return next(item for item in status.hosts if item.name == host.name)


def _host_of(topology: Topology, container: str) -> str:
    return next(item.host for item in topology.containers if item.name == container)
