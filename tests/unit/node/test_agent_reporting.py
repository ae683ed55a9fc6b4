"""A running agent's logs and metrics: levels of the datastore at once, every metric in a scrape, no secret anywhere."""

import asyncio
import io
import json
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tortie.change.configure import set_setting
from tortie.fabric import Fabric, NodeIntent, SessionIntent
from tortie.model import load_manifests
from tortie.node.agent import Agent, AgentOptions
from tortie.node.log import set_up_logs
from tortie.node.metrics_address import MetricsAddress
from tortie.node.metrics_table import METRICS
from tortie.store import Put, ResourceStore, open_store

DEADLINE_S = 20.0
OWN, PEER = "127.77.3.1", "127.77.3.2"
SECRET = "hunter2-of-everything"
LOGGER = logging.getLogger("tortie")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((OWN, 0))
        return int(probe.getsockname()[1])


class Running:
    """An agent in the role of a reflector, with one session that nobody answers; its log is JSON in memory."""

    def __init__(self, folder: Path, stream: io.StringIO) -> None:
        self._stream = stream
        self.folder = folder
        self._port = free_port()
        self.metrics_port = free_port()
        self.url = f"sqlite:///{folder}/store.db"
        self.store = open_store(self.url)
        self.resources = ResourceStore(self.store, lambda: datetime(2026, 1, 1, tzinfo=UTC))
        self.status_socket = folder / "status.sock"
        self.options = AgentOptions(
            role="reflector", name=OWN, plan=self._plan, datastore=self.url, status_socket=self.status_socket,
            last_intent=folder / "intent.json", jitter=lambda: 1.0,
            metrics=MetricsAddress("127.0.0.1", self.metrics_port),
        )  # fmt: skip

    def _plan(self, fabric: Fabric) -> NodeIntent:
        session = SessionIntent(
            remote_address=PEER, local_address=OWN, port=self._port, local_as=64512, peer_as=64512, families=("ipv4",),
            roles=("mesh",),
        )  # fmt: skip
        return NodeIntent(
            name=OWN, kind="reflector", router_id=OWN, local_as=64512, address_v4=OWN, listen_port=self._port,
            sessions=(session,), originated=("10.1.0.0/26",), quarantine=fabric.quarantine,
            log_level=fabric.settings.of_node("n1").log_level,
        )  # fmt: skip

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._stream.getvalue().splitlines()]

    def events(self) -> set[str]:
        return {line["event"] for line in self.lines}

    async def ask(self, request: bytes, where: Path | int) -> str:
        if isinstance(where, int):
            reader, writer = await asyncio.open_connection("127.0.0.1", where)
        else:
            reader, writer = await asyncio.open_unix_connection(str(where))
        try:
            writer.write(request)
            return (await (reader.readline() if isinstance(where, Path) else reader.read())).decode()
        finally:
            writer.close()
            await writer.wait_closed()

    async def status(self) -> str:
        return await self.ask(b'{"op": "status"}\n', self.status_socket)

    async def scrape(self) -> str:
        return await self.ask(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", self.metrics_port)

    async def value(self, series: str) -> float | None:
        found = [line for line in (await self.scrape()).splitlines() if line.startswith(f"{series} ")]
        return float(found[0].rpartition(" ")[2]) if found else None

    async def reaches(self, series: str, value: float) -> None:
        await self.comes(lambda: _equals(self.value(series), value))

    async def comes(self, condition: Callable[[], Awaitable[bool]]) -> None:
        while not await condition():  # noqa: ASYNC110 - asks the agent, as a person would
            await asyncio.sleep(0.02)

    async def knock(self) -> None:
        """Connect as the peer would: each connection is an event of its session."""
        with socket.socket() as connection:
            connection.setblocking(False)
            connection.bind((PEER, 0))
            await asyncio.get_running_loop().sock_connect(connection, (OWN, self._port))

    async def says(self, event: str) -> None:
        while event not in self.events():  # noqa: ASYNC110 - the log is all there is to look at
            await asyncio.sleep(0.01)


async def _equals(found: Awaitable[float | None], value: float) -> bool:
    try:
        return await found == value
    except OSError:
        return False  # not served yet


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Callable[[], Any]]:
    stream = io.StringIO()
    handlers, level, propagate = LOGGER.handlers[:], LOGGER.level, LOGGER.propagate

    @asynccontextmanager
    async def run() -> AsyncIterator[Running]:
        made = Running(tmp_path, stream)
        log = set_up_logs("json")
        [handler] = LOGGER.handlers
        assert isinstance(handler, logging.StreamHandler)
        handler.setStream(stream)
        agent = Agent(made.options, log)
        async with asyncio.timeout(DEADLINE_S), asyncio.TaskGroup() as tasks:
            tasks.create_task(agent.run())
            try:
                await made.says("intent taken")
                yield made
            finally:
                agent.stop()
                await made.store.close()

    yield run
    LOGGER.handlers[:], LOGGER.propagate = handlers, propagate
    LOGGER.setLevel(level)


def test_the_level_of_the_datastore_acts_at_once_and_that_of_the_node_before_the_clusters(
    running: Callable[[], Any],
) -> None:
    async def level_is(number: int) -> None:
        while LOGGER.level != number:  # noqa: ASYNC110 - set by another task
            await asyncio.sleep(0.01)

    async def test() -> None:
        async with running() as agent:
            assert LOGGER.level == logging.INFO
            for level, node, number in (
                ("error", None, logging.ERROR),
                ("debug", "n1", logging.DEBUG),
                ("none", None, logging.DEBUG),
                ("info", "n2", logging.DEBUG),
                ("critical", "n1", logging.CRITICAL),
            ):
                await set_setting(agent.resources, "logLevel", level, node)
                await level_is(number)
            await set_setting(agent.resources, "logLevel", "debug", "n1")
            while "session event" not in agent.events():
                await agent.knock()
                await asyncio.sleep(0.01)
            (step, *_) = [line for line in agent.lines if line["event"] == "session event"]
            assert (step["level"], PEER in step["object"]) == ("debug", True)

    asyncio.run(test())


def test_a_scrape_has_every_metric_but_those_of_a_node(running: Callable[[], Any]) -> None:
    async def test() -> None:
        async with running() as agent:
            await agent.reaches("tortie_datastore_connected", 1)
            page = await agent.scrape()
            named = {line.split()[2] for line in page.splitlines() if line.startswith("# HELP tortie_")}
            assert named == {name for name in METRICS if not name.startswith("tortie_kernel_")}
            assert await agent.value('tortie_routes{family="ipv4",table="originated"}') == 1
            assert await agent.value('tortie_build_info{role="reflector",version="0.1.0"}') == 1
            assert await agent.value('tortie_intent_source{source="datastore"}') == 1
            assert await agent.value("tortie_datastore_apply_seconds_count") == 1
            assert await agent.value("tortie_log_lines_total" + '{level="info"}') >= 1

    asyncio.run(test())


def test_a_record_that_is_set_aside_shows_in_log_and_metrics_until_it_is_mended(running: Callable[[], Any]) -> None:
    async def test() -> None:
        async with running() as agent:
            key = "/calico/resources/v3/projectcalico.org/nodes/n9"
            await agent.store.transact((), (Put(key, b"{"),))
            await agent.says("record set aside")
            (line,) = [line for line in agent.lines if line["event"] == "record set aside"]
            assert (line["level"], "n9" in line["object"], bool(line["reason"])) == ("warning", True, True)
            kind = "Node" if line["object"].startswith("Node") else "other"
            await agent.reaches(f'tortie_quarantined_records{{kind="{kind}",reason="invalid"}}', 1)

    asyncio.run(test())


def test_no_secret_in_log_status_or_metrics(running: Callable[[], Any]) -> None:
    """A password in every place of the datastore where one may be, or may be put by mistake."""
    node = {"apiVersion": "projectcalico.org/v3", "kind": "Node", "metadata": {"name": "n1"},
            "spec": {"bgp": {"ipv4Address": "192.0.2.9/24"}}}  # fmt: skip
    peer = {"apiVersion": "projectcalico.org/v3", "kind": "BGPPeer", "metadata": {"name": "p1"},
            "spec": {"peerIP": "192.0.2.1", "asNumber": 64512}}  # fmt: skip
    wrong = [
        {**peer, "spec": {**peer["spec"], "password": SECRET}},  # type: ignore[dict-item]  # of nested dictionaries
        {**peer, "spec": {**peer["spec"], "password": {"secretKeyRef": SECRET}}},  # type: ignore[dict-item]
        {**peer, "spec": {**peer["spec"], "password": {"secretKeyRef": {"name": "s", "key": [SECRET]}}}},  # type: ignore[dict-item]
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"password": SECRET}},
    ]

    async def test() -> None:
        async with running() as agent:
            [resource] = load_manifests(json.dumps(node), "test")
            await agent.resources.create(resource)
            for number, record in enumerate(wrong):
                key = f"/calico/resources/v3/projectcalico.org/bgppeers/p{number}"
                await agent.store.transact((), (Put(key, json.dumps(record).encode()),))
            await set_setting(agent.resources, "logLevel", "debug")
            while "session event" not in agent.events():
                await agent.knock()
                await asyncio.sleep(0.01)
            await agent.says("record set aside")
            status, page = await agent.status(), await agent.scrape()
            assert '"quarantine":[{' in status, "the records were read"
            for text in (status, page, json.dumps(agent.lines)):
                assert SECRET not in text

    asyncio.run(test())


def test_the_datastore_lost_and_found(running: Callable[[], Any]) -> None:
    async def test() -> None:
        async with running() as agent:
            await agent.reaches("tortie_datastore_connected", 1)
            for each in agent.folder.glob("store.db*"):
                each.write_bytes(b"\0" * 4096)
            await agent.says("datastore lost, sessions and routes stay")
            await agent.reaches("tortie_datastore_losses_total", 1)
            assert await agent.value("tortie_datastore_connected") == 0

    asyncio.run(test())
