"""Two nodes, a reflector and three etcd members, all real processes; run it with the name of a fault.

It is a program of its own, in namespaces of its own (network, processes): whatever happens to it, nothing is left
behind. The first node and the reflector are in its network namespace, the second node in another one, joined by a
veth pair. What the second node announces reaches the first one's kernel by way of the reflector. It prints what it
found as one line of JSON; a fault that is not borne ends it with a traceback.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import aclosing, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from lab.kernel_namespace import ip, ip_batch, routes
from support.etcd import CLIENT, Members, running_members
from tortie.lab.certificates import write_issued
from tortie.model import load_manifests
from tortie.node import status_client
from tortie.node.errors import AgentUnreachable
from tortie.node.presence import AGENTS_PREFIX
from tortie.store import Compare, Conflict, Put, ResourceStore, StoreUnavailable
from tortie.store.etcd import EtcdStore

OWN, OTHER, REFLECTOR = "10.0.0.1", "10.0.0.2", "10.0.0.3"
NODE, OTHER_NODE = "n1", "n2"
COUNTED = "/test/n"
"""A key that counts up, outside of what agents follow: its events are counted."""
DEADLINE_S = 40.0
DOWN_S = 30.0
TROUBLES = ("datastore lost, sessions and routes stay", "datastore not believed")
EVENTS_AROUND = 20
"""Events before a fault and after it, that there be something to lose."""
POLL_S = 0.05

NETWORK = f"""
link set lo up
link add v0 type veth peer name v1
addr add {OWN}/24 dev v0
addr add {REFLECTOR}/24 dev v0
link set v0 up
"""

MANIFESTS = f"""
apiVersion: projectcalico.org/v3
kind: BGPConfiguration
metadata: {{name: default}}
spec: {{nodeToNodeMeshEnabled: false, asNumber: 64512}}
---
apiVersion: projectcalico.org/v3
kind: IPPool
metadata: {{name: pool}}
spec: {{cidr: 192.168.0.0/16}}
---
apiVersion: projectcalico.org/v3
kind: Node
metadata: {{name: {NODE}}}
spec: {{bgp: {{ipv4Address: {OWN}/24}}}}
---
apiVersion: projectcalico.org/v3
kind: Node
metadata: {{name: {OTHER_NODE}}}
spec: {{bgp: {{ipv4Address: {OTHER}/24}}}}
---
apiVersion: projectcalico.org/v3
kind: RouteReflector
metadata: {{name: {REFLECTOR}}}
spec: {{ip: {REFLECTOR}, clusterID: 1.0.0.1}}
---
apiVersion: projectcalico.org/v3
kind: BGPPeer
metadata: {{name: rr}}
spec: {{peerIP: {REFLECTOR}, asNumber: 64512}}
"""

AFFINITY = """
apiVersion: projectcalico.org/v3
kind: BlockAffinity
metadata: {{name: {node}-192-168-{number}-0-26}}
spec: {{state: confirmed, node: {node}, cidr: 192.168.{number}.0/26}}
"""


async def until(is_so: Callable[[], Awaitable[bool]], deadline_s: float = DEADLINE_S) -> float:
    """Wait until something is so and return how long that took, seconds."""
    clock = asyncio.get_running_loop().time
    started = clock()
    async with asyncio.timeout(deadline_s):
        while not await is_so():  # noqa: ASYNC110 - what is waited for happens in other processes
            await asyncio.sleep(POLL_S)
    return clock() - started


# ---------------------------------------------------------------- agents


@dataclass
class AgentProcess:
    """One agent; `prefix` puts it into another network namespace."""

    folder: Path
    arguments: list[str]
    environment: dict[str, str]
    prefix: list[str] = field(default_factory=list)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [*self.prefix, sys.executable, "-P", "-m", "tortie", *self.arguments, "--run-dir", str(self.folder)]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, env=self.environment, stdout=log, stderr=log)

    def signal(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)
        if number is signal.SIGKILL:
            self.process.wait(DEADLINE_S)

    def events(self) -> list[dict[str, Any]]:
        """Return what it logged so far."""
        return [json.loads(line) for line in (self.folder / "log").read_text().splitlines() if line.startswith("{")]

    def status(self) -> dict[str, Any]:
        return status_client.request(self.folder / "status.sock", "status")

    def is_established(self) -> bool:
        try:
            sessions = self.status()["sessions"]
        except AgentUnreachable:
            return False
        return bool(sessions) and all(session["state"] == "established" for session in sessions)


class World:
    """Everything that runs, and what was seen of it."""

    def __init__(self, members: Members, agents: dict[str, AgentProcess]) -> None:
        self.members = members
        self.agents = agents
        self.is_restarted = False
        self._claimed = 0
        self._revision = 0
        self._lost_routes = subprocess.Popen(["ip", "-4", "monitor", "route"], stdout=subprocess.PIPE, text=True)

    @property
    def node(self) -> AgentProcess:
        return self.agents[NODE]

    @asynccontextmanager
    async def operator(self) -> AsyncIterator[ResourceStore]:
        store = self.members.store()
        try:
            yield ResourceStore(store, lambda: datetime.now(UTC))
        finally:
            await store.close()

    async def fill(self) -> None:
        async with self.operator() as resources:
            for resource in load_manifests(MANIFESTS, "world"):
                await resources.apply(resource)

    async def claim(self) -> None:
        """Give the second node one more block, tried until it is done: the operator's change that is to arrive."""
        self._claimed += 1
        [affinity] = load_manifests(AFFINITY.format(node=OTHER_NODE, number=self._claimed), "world")
        self._revision = 0
        while not self._revision:
            with suppress(StoreUnavailable):
                async with self.operator() as resources:
                    done = await resources.apply(affinity)
                self._revision = int(done.metadata.resource_version or 0)
            await asyncio.sleep(POLL_S)

    async def has_arrived(self) -> bool:
        """Tell whether the last change is known to every agent, and in the kernel."""
        try:
            acted = [agent.status()["datastore"]["acted_revision"] for agent in self.agents.values()]
        except AgentUnreachable:
            return False
        return all(revision >= self._revision for revision in acted) and await self.is_routed()

    async def is_routed(self) -> bool:
        """Tell whether every block that was claimed is in the first node's kernel."""
        present = {line.split()[0] for line in routes() if f"via {OTHER}" in line}
        return present == {f"192.168.{number}.0/26" for number in range(1, self._claimed + 1)}

    async def arrives(self) -> float:
        """Make a change and return the seconds until it has arrived everywhere."""
        clock = asyncio.get_running_loop().time
        started = clock()
        await self.claim()
        await until(self.has_arrived)
        return clock() - started

    async def are_established(self) -> bool:
        return all(agent.is_established() for agent in self.agents.values())

    async def says(self, text: str) -> None:
        """Wait until every agent's status says this of the datastore."""

        async def said() -> bool:
            found = [agent.status()["datastore"]["text"] for agent in self.agents.values()]
            return all(text in each for each in found)

        await until(said)

    def troubles(self) -> list[str]:
        """Return what the first node said of the datastore while it was not followed, in order, each text once."""
        told = [event["reason"] for event in self.node.events() if event["event"] in TROUBLES]
        return list(dict.fromkeys(told))

    async def are_connected(self) -> bool:
        found = [agent.status()["datastore"] for agent in self.agents.values()]
        return all(each["is_connected"] and not each["is_held"] for each in found)

    async def are_announced(self) -> bool:
        """Tell whether every agent says in the datastore that it runs."""
        store = self.members.store()
        listing = await store.list(AGENTS_PREFIX)
        await store.close()
        wanted = {f"node/{NODE}", f"node/{OTHER_NODE}", f"reflector/{REFLECTOR}"}
        return {entry.key.removeprefix(AGENTS_PREFIX) for entry in listing.entries} == wanted

    def connected_member(self) -> str:
        """Return the name of the member that the first node's agent is connected to."""
        assert self.node.process is not None
        lines = subprocess.run(["ss", "-tnpH"], check=True, capture_output=True, text=True).stdout.splitlines()
        peers = {
            line.split()[4].replace("[::ffff:", "").replace("]", "")
            for line in lines
            if f"pid={self.node.process.pid}," in line
        }
        [name] = [member.name for member in self.members.cluster.members if member.endpoint in peers]
        return name

    def check_undisturbed(self) -> None:
        """No session went down and no route went away since everything was up."""
        self._lost_routes.terminate()
        lines = self._lost_routes.communicate(timeout=DEADLINE_S)[0].splitlines()
        gone = [line for line in lines if line.startswith("Deleted 192.168.")]
        assert gone == [], gone
        if not self.is_restarted:
            for name, agent in self.agents.items():
                down = [event for event in agent.events() if event["event"] == "session down"]
                assert down == [], f"{name}: {down}"


@contextmanager
def running_agents(folder: Path, members: Members) -> Iterator[dict[str, AgentProcess]]:
    """Run the agents for the block's time, the second node in a network namespace of its own."""
    base = {**os.environ, **members.environment()}
    base.pop("TORTIE_DATASTORE", None)
    agents: dict[str, AgentProcess] = {}
    with subprocess.Popen(["unshare", "--net", "sleep", "infinity"]) as holder:
        try:
            inside = ["nsenter", f"--net=/proc/{holder.pid}/ns/net"]
            join_networks(holder.pid, inside)
            agents[NODE] = AgentProcess(folder / NODE, ["node", "run", "--name", NODE], base)
            agents[OTHER_NODE] = AgentProcess(folder / OTHER_NODE, ["node", "run", "--name", OTHER_NODE], base, inside)
            agents["rr"] = AgentProcess(folder / "rr", ["reflector", "run"], {**base, "IP": REFLECTOR})
            for agent in agents.values():
                agent.folder.mkdir(mode=0o700)
                agent.start()
            yield agents
        finally:
            for agent in agents.values():
                if agent.process is not None and agent.process.poll() is None:
                    agent.signal(signal.SIGKILL)
            holder.kill()


def join_networks(pid: int, inside: list[str]) -> None:
    """Put the other end of the cable into the second node's namespace."""
    own = Path("/proc/self/ns/net").readlink()
    while Path(f"/proc/{pid}/ns/net").readlink() == own:  # unshare has not come so far
        pass
    ip(f"link set v1 netns {pid}")
    for arguments in (f"addr add {OTHER}/24 dev v1", "link set lo up", "link set v1 up"):
        subprocess.run([*inside, "ip", *arguments.split()], check=True)


# ---------------------------------------------------------------- events are counted


async def count_up(store: EtcdStore, stop: asyncio.Event) -> int:
    """Count a key up by one a change until told to stop; return the last number."""
    number = 0
    while not stop.is_set():
        try:
            entry = await store.get(COUNTED)
            number = int(entry.value) if entry else 0
            revision = entry.mod_revision if entry else 0
            await store.transact([Compare(COUNTED, revision)], [Put(COUNTED, b"%d" % (number + 1))])
            number += 1
            await asyncio.sleep(POLL_S)
        except (StoreUnavailable, Conflict):  # unknown or undone: read it again
            await asyncio.sleep(POLL_S)
    return number


async def read_numbers(store: EtcdStore, from_revision: int, numbers: list[int]) -> None:
    """Keep every number that a watch tells, from outage to outage."""
    revision = from_revision
    while True:
        try:
            async with aclosing(store.watch(COUNTED, revision)) as watch:
                async for batch in watch:
                    numbers += [int(event.entry.value) for event in batch if event.entry]
                    revision = batch[-1].revision
        except StoreUnavailable:
            await asyncio.sleep(POLL_S)


async def has_more(numbers: list[int], before: int) -> bool:
    return len(numbers) >= before + EVENTS_AROUND


@asynccontextmanager
async def counted(world: World, found: dict[str, Any]) -> AsyncIterator[None]:
    """Count events through the block's fault: every one comes, in order, once."""
    writer, reader = world.members.store(), world.members.store(first=world.connected_member())
    stop = asyncio.Event()
    numbers: list[int] = []
    revision = (await reader.list("/test/")).revision
    async with asyncio.TaskGroup() as tasks:
        writing = tasks.create_task(count_up(writer, stop))
        reading = tasks.create_task(read_numbers(reader, revision, numbers))
        await until(lambda: has_more(numbers, 0))
        yield
        before = len(numbers)
        await until(lambda: has_more(numbers, before))
        stop.set()
        last = await writing

        async def has_all() -> bool:
            return bool(numbers) and numbers[-1] >= last

        await until(has_all)
        reading.cancel()
    await writer.close()
    await reader.close()
    assert numbers == list(range(1, last + 1)), "an event is missing or came twice"
    found["events"] = last


# ---------------------------------------------------------------- the faults


async def leader_killed(world: World) -> float:
    """The leader is the member that the first node's agent is connected to."""
    leader = world.connected_member()
    await asyncio.to_thread(world.members.make_leader, leader)
    world.members.signal(signal.SIGKILL, leader)
    try:
        return await world.arrives()
    finally:
        world.members.start(leader)


async def member_frozen(world: World) -> float:
    name = world.connected_member()
    world.members.signal(signal.SIGSTOP, name)
    try:
        return await world.arrives()
    finally:
        world.members.signal(signal.SIGCONT, name)


async def majority_down(world: World) -> float:
    """The member that is left, the one that the first node's agent is connected to, has no leader any more."""
    left = world.connected_member()
    others = [name for name in world.members.names if name != left]
    world.members.signal(signal.SIGKILL, *others)
    await world.says("etcd cannot be reached: ")
    world.members.start(*others)
    return await world.arrives()


async def all_down(world: World) -> float:
    world.members.signal(signal.SIGKILL)
    await world.says("etcd cannot be reached: ")
    await asyncio.sleep(DOWN_S)  # the length of the outage is the subject
    assert await world.are_established()
    world.members.start()
    return await world.arrives()


async def compacted_while_away(world: World) -> float:
    """The agent's host sleeps, its member dies, and what it missed is compacted."""
    name = world.connected_member()
    world.node.signal(signal.SIGSTOP)
    world.members.signal(signal.SIGKILL, name)
    for _ in range(3):  # a watch may go on at the compacted revision itself, but not before it
        await world.claim()
    store = world.members.store()
    revision = (await store.list("/")).revision
    await store.close()
    await asyncio.to_thread(world.members.control, "compact", str(revision))
    world.members.start(name)
    world.node.signal(signal.SIGCONT)
    return await until(world.has_arrived)


async def certificate_expired(world: World) -> float:
    """The clients' certificate runs out, the members restart: nobody gets in until there is a new one."""
    tls, authority = world.members.cluster.tls, world.members.authority
    write_issued(tls, CLIENT, authority.issue_client(CLIENT, timedelta(seconds=-60)))
    world.members.signal(signal.SIGKILL)
    world.members.start()
    await world.says("the client certificate expired on ")
    assert await world.are_established()
    write_issued(tls, CLIENT, authority.issue_client(CLIENT))
    return await world.arrives()


async def agent_restarts_meanwhile(world: World) -> float:
    world.members.signal(signal.SIGKILL)
    world.is_restarted = True
    world.node.signal(signal.SIGKILL)
    world.node.start()
    await until(world.are_established)
    await world.says("etcd cannot be reached: ")
    assert world.node.status()["intent_from"] == "disk"
    assert await world.is_routed()
    world.members.start()
    return await world.arrives()


async def wiped(world: World, token: str = "") -> float:
    """The members lose their data and come up empty; what is written anew counts when it is confirmed."""
    world.members.signal(signal.SIGKILL)
    world.members.wipe(token)
    world.members.start()
    await world.says("the datastore is not obeyed: ")
    assert await world.are_established()
    assert await world.is_routed()
    await world.fill()
    blocks, world._claimed = world._claimed, 0
    for _ in range(blocks):
        await world.claim()
    assert not await world.are_connected()
    for agent in world.agents.values():
        assert status_client.request(agent.folder / "status.sock", "confirm")["confirmed"]
    return await world.arrives()


FAULTS: dict[str, Callable[[World], Awaitable[float]]] = {
    "leader killed": leader_killed,
    "connected member frozen": member_frozen,
    "two of three members down": majority_down,
    f"all members down for {DOWN_S:g} s": all_down,
    "compaction while away": compacted_while_away,
    "certificate expired and renewed": certificate_expired,
    "agent restarts while all members are down": agent_restarts_meanwhile,
    "data wiped": wiped,
    "another cluster in its place": lambda world: wiped(world, "another"),
}
COUNTED_FAULTS = (
    "leader killed",
    "connected member frozen",
    "two of three members down",
    f"all members down for {DOWN_S:g} s",
)
"""Faults in which the same watch goes on, so that every event must come."""


async def suffer(world: World, name: str) -> dict[str, Any]:
    """Bring everything up, let the fault happen, and return what was found."""
    found: dict[str, Any] = {"fault": name}
    await world.fill()
    await world.claim()
    await until(world.are_established)
    await until(world.has_arrived)
    await until(world.are_announced)
    if name in COUNTED_FAULTS:
        async with counted(world, found):
            found["caught_up_s"] = round(await FAULTS[name](world), 1)
    else:
        found["caught_up_s"] = round(await FAULTS[name](world), 1)
    await until(world.are_connected)
    await until(world.are_established)
    await until(world.are_announced)
    world.check_undisturbed()
    return {**found, "said": world.troubles()}


def main() -> None:
    """Run the fault that is named."""
    ip_batch(NETWORK)
    with (
        tempfile.TemporaryDirectory(prefix="tortie-etcd-") as folder,
        running_members(Path(folder) / "etcd", 3, address=OWN) as members,
        running_agents(Path(folder), members) as agents,
    ):
        try:
            found = asyncio.run(suffer(World(members, agents), sys.argv[1]))
        except BaseException:
            for name, agent in agents.items():
                sys.stderr.write(f"--- {name}\n{(agent.folder / 'log').read_text()[-4000:]}\n")
            raise
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
