"""Two agents whose mesh has a password: from Secret to socket, through the life of the Secret.

Real planning, sqlite, sockets on loopback. The agents run without a data path, so no rights are needed.
"""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tortie.fabric import node_intent
from tortie.model import load_manifests
from tortie.node.agent import Agent, AgentOptions
from tortie.node.log import Log
from tortie.speaker import Password
from tortie.speaker.protection import set_password
from tortie.store import ResourceStore, open_store

DEADLINE_S = 30.0
NAMES = ("n1", "n2")
ADDRESSES = ("127.77.1.1", "127.77.1.2")
FIRST, SECOND = "first secret", "second secret"
PROBE_S = 0.3


class Mesh:
    """Two nodes, one datastore."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = f"sqlite:///{folder}/store.db"
        self.secrets_directory: Path | None = None
        with socket.socket() as probe:
            probe.bind((ADDRESSES[0], 0))
            self.port = int(probe.getsockname()[1])

    async def apply(self, *documents: dict[str, Any]) -> None:
        async with self._resources() as resources:
            for each in documents:
                (resource,) = load_manifests(json.dumps(each), "test")
                await resources.apply(resource)

    async def delete_secret(self) -> None:
        async with self._resources() as resources:
            await resources.delete("Secret", "bgp")

    @asynccontextmanager
    async def _resources(self) -> AsyncIterator[ResourceStore]:
        store = open_store(self.url)
        try:
            yield ResourceStore(store, lambda: datetime(2026, 1, 1, tzinfo=UTC))
        finally:
            await store.close()

    async def set_up(self) -> None:
        spec = {"listenPort": self.port, "nodeMeshPassword": {"secretKeyRef": {"name": "bgp", "key": "mesh"}}}
        await self.apply(v3("BGPConfiguration", "default", spec))
        for name, address in zip(NAMES, ADDRESSES, strict=True):
            await self.apply(v3("Node", name, {"bgp": {"ipv4Address": f"{address}/24"}}))

    @asynccontextmanager
    async def running(self, *indexes: int) -> AsyncIterator[None]:
        agents = [self._agent(index) for index in indexes]
        async with asyncio.TaskGroup() as tasks:
            for agent in agents:
                tasks.create_task(agent.run())
            yield
            for agent in agents:
                agent.stop()

    def _agent(self, index: int) -> Agent:
        name = NAMES[index]
        options = AgentOptions(
            role="reflector",
            name=name,
            plan=lambda fabric: node_intent(fabric, name),
            datastore=self.url,
            status_socket=self.folder / name / "status.sock",
            last_intent=self.folder / name / "intent.json",
            jitter=lambda: 1.0,
            secrets_directory=self.secrets_directory,
        )
        return Agent(options, Log())

    async def status(self, index: int) -> dict[str, Any]:
        reader, writer = await asyncio.open_unix_connection(str(self.folder / NAMES[index] / "status.sock"))
        try:
            writer.write(b'{"op": "status"}\n')
            return dict(json.loads(await reader.readline())["result"])
        finally:
            writer.transport.abort()

    async def wait(self, is_so: Callable[[dict[str, Any]], bool], *indexes: int) -> None:
        for index in indexes or (0, 1):
            while not await self._holds(is_so, index):  # noqa: ASYNC110 - polls another task's status socket
                await asyncio.sleep(0.02)

    async def _holds(self, is_so: Callable[[dict[str, Any]], bool], index: int) -> bool:
        try:
            return is_so(await self.status(index))
        except OSError:
            return False

    async def is_let_in(self, password: str | None) -> bool:
        """Whether the first node's kernel answers a SYN from the second node's address with this password."""
        return await asyncio.to_thread(self._dial, password)

    def _dial(self, password: str | None) -> bool:
        with socket.socket() as sock:
            sock.settimeout(PROBE_S)
            if password is not None:
                set_password(sock, ADDRESSES[0], Password(password.encode()))
            sock.bind((ADDRESSES[1], 0))
            try:
                sock.connect((ADDRESSES[0], self.port))
            except TimeoutError:
                return False
            return True


def v3(kind: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": "projectcalico.org/v3", "kind": kind, "metadata": {"name": name}, "spec": spec}


def secret(value: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "bgp"}, "stringData": {"mesh": value}}


def is_up(status: dict[str, Any]) -> bool:
    return [each["state"] for each in status["sessions"]] == ["established"]


def is_down(status: dict[str, Any]) -> bool:
    return bool(status["sessions"]) and not is_up(status)


def established_counts(status: dict[str, Any]) -> list[int]:
    return [each["counters"]["established_count"] for each in status["sessions"]]


@pytest.fixture
def mesh(tmp_path: Path) -> Mesh:
    return Mesh(tmp_path)


def run(mesh: Mesh, test: Callable[[], Any]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(DEADLINE_S):
            await mesh.set_up()
            await test()

    asyncio.run(bounded())


def secret_events(status: dict[str, Any]) -> list[str]:
    return [each["what"] for each in status["events"] if each["subject"] == "Secret 'bgp'"]


@pytest.mark.rfc("2385", "4.2")
def test_the_life_of_a_secret(mesh: Mesh) -> None:
    async def test() -> None:
        async with mesh.running(0, 1):
            await mesh.wait(lambda status: "Secret" in [each["kind"] for each in status["quarantine"]])
            (missing,) = (await mesh.status(0))["quarantine"]
            assert missing["name"] == "bgp"
            assert missing["reason"].startswith("key 'mesh': there is no Secret 'bgp'; no session without its password")
            assert is_down(await mesh.status(0))

            await mesh.apply(secret(FIRST))
            await mesh.wait(lambda status: is_up(status) and not status["quarantine"])
            status = await mesh.status(0)
            assert secret_events(status) == ["set aside", "no longer set aside"]
            assert status["datastore"]["revision"] == status["datastore"]["acted_revision"] > 0

            await mesh.apply(secret(SECOND))
            while not await mesh.is_let_in(SECOND):
                pass
            assert not await mesh.is_let_in(FIRST)
            assert not await mesh.is_let_in(None)
            for index in (0, 1):
                status = await mesh.status(index)
                assert is_up(status)
                assert established_counts(status) == [1], "the password has changed, the session is the same"

            await mesh.delete_secret()
            await mesh.wait(lambda status: is_down(status) and bool(status["quarantine"]))
            status = await mesh.status(0)
            assert [each["kind"] for each in status["quarantine"]] == ["Secret"]
            assert secret_events(status)[2:] == ["set aside"]
            shown = json.dumps(status) + (mesh.folder / "n1" / "intent.json").read_text()
            assert FIRST not in shown
            assert SECOND not in shown

    run(mesh, test)


def test_an_agent_that_starts_while_the_datastore_is_away_takes_passwords_from_files_only(mesh: Mesh) -> None:
    """The last intent on disk names the secret, and does not hold it."""

    async def test() -> None:
        await mesh.apply(secret(FIRST))
        async with mesh.running(0, 1):
            await mesh.wait(is_up)
        (mesh.folder / "store.db").rename(mesh.folder / "away.db")
        async with mesh.running(0, 1):
            await mesh.wait(lambda status: status["intent_from"] == "disk" and is_down(status))
        mesh.secrets_directory = mesh.folder / "secrets"
        (mesh.secrets_directory / "bgp").mkdir(parents=True, mode=0o700)
        file = mesh.secrets_directory / "bgp" / "mesh"
        file.write_text(FIRST + "\n")
        async with mesh.running(0, 1):
            await mesh.wait(is_up)
            file.write_text(SECOND + "\n")
            while not await mesh.is_let_in(SECOND):
                pass
            assert [established_counts(await mesh.status(index)) for index in (0, 1)] == [[1], [1]]
            assert is_up(await mesh.status(0))

    run(mesh, test)
