"""The agent without a data path: datastore to sessions, through everything that happens to the datastore.

Real sqlite files, real sockets on loopback; the planner is a function of the test, so that ports are free ones.
"""

import asyncio
import json
import socket
import stat
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tortie.bgp.engine import PeerKey
from tortie.fabric import Fabric, NodeIntent, NodeNotFound, SessionIntent
from tortie.model import BGPConfiguration, load_manifests
from tortie.node.agent import Agent, AgentOptions
from tortie.node.errors import StatusSocketInUse
from tortie.node.last_sessions import load_last_sessions
from tortie.node.log import Log
from tortie.store import InvalidRequest, Put, ResourceStore, SchemaMismatch, Store, open_store
from tortie.store.schema import SCHEMA_KEY, SCHEMA_VERSION, Schema

DEADLINE_S = 20.0
ADDRESSES = ("127.77.0.1", "127.77.0.2")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((ADDRESSES[0], 0))
        return int(probe.getsockname()[1])


class Pair:
    """Two reflectors that peer with one another, fed from one sqlite file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"sqlite:///{folder}/store.db"
        self.is_known = True

    def plan(self, own: str, other: str) -> Callable[[Fabric], NodeIntent]:
        """An intent with one session and one prefix; how many nodes there are shows in `originated`."""

        def planned(fabric: Fabric) -> NodeIntent:
            if not self.is_known:
                raise NodeNotFound(own)
            session = SessionIntent(
                remote_address=other, local_address=own, port=self.port, local_as=64512, peer_as=64512,
                families=("ipv4",), roles=("mesh",),
            )  # fmt: skip
            prefixes = tuple(f"10.{index}.0.0/16" for index in range(len(fabric.nodes) + 1))
            return NodeIntent(
                name=own, kind="reflector", router_id=own, local_as=64512, address_v4=own, listen_port=self.port,
                sessions=(session,), originated=prefixes if own == ADDRESSES[0] else (),
                quarantine=fabric.quarantine,
            )  # fmt: skip

        return planned

    def agent(self, index: int) -> Agent:
        own, other = ADDRESSES[index], ADDRESSES[1 - index]
        options = AgentOptions(
            role="reflector",
            name=own,
            plan=self.plan(own, other),
            datastore=self.url,
            status_socket=self.folder / f"run{index}" / "status.sock",
            last_intent=self.folder / f"run{index}" / "intent.json",
            jitter=lambda: 1.0,
        )
        return Agent(options, Log())

    @asynccontextmanager
    async def running(self, index: int) -> AsyncIterator[Agent]:
        agent = self.agent(index)
        async with asyncio.timeout(DEADLINE_S), asyncio.TaskGroup() as tasks:
            tasks.create_task(agent.run())
            yield agent
            agent.stop()

    async def ask(self, index: int, op: str = "status", **arguments: object) -> list[dict[str, Any]]:
        """Ask over the status socket, as the command does."""
        reader, writer = await asyncio.open_unix_connection(str(self.folder / f"run{index}" / "status.sock"))
        replies: list[dict[str, Any]] = []
        try:
            writer.write(json.dumps({**arguments, "op": op}).encode() + b"\n")
            while not replies or "item" in replies[-1]:
                line = await reader.readline()
                if not line:
                    raise ConnectionResetError("the agent went away")
                replies.append(json.loads(line))
        finally:
            writer.transport.abort()
        return [reply.get("item") or reply.get("result") for reply in replies if "end" not in reply]  # type: ignore[misc]

    async def status(self, index: int) -> dict[str, Any]:
        return (await self.ask(index))[0]

    async def wait_for(self, condition: Callable[[], Awaitable[bool]]) -> None:
        while not await self._holds(condition):  # noqa: ASYNC110 - polls another task's status socket, as a person would
            await asyncio.sleep(0.01)

    @staticmethod
    async def _holds(condition: Callable[[], Awaitable[bool]]) -> bool:
        try:
            return await condition()
        except OSError:
            return False

    async def is_established(self, index: int = 0) -> bool:
        sessions = (await self.status(index))["sessions"]
        return [each["state"] for each in sessions] == ["established"]

    async def learned(self, index: int) -> set[str]:
        return {route["prefix"] for route in await self.ask(index, "routes") if route["source"] == "internal"}


def with_store(pair: Pair, work: Callable[[Store], Awaitable[None]]) -> AbstractAsyncContextManager[None]:
    @asynccontextmanager
    async def opened() -> AsyncIterator[None]:
        store = open_store(pair.url)
        try:
            await work(store)
            yield
        finally:
            await store.close()

    return opened()


async def add_node(store: Store, name: str, address: str, day: int = 1) -> None:
    spec = {"bgp": {"ipv4Address": f"{address}/24"}}
    manifest = {"apiVersion": "projectcalico.org/v3", "kind": "Node", "metadata": {"name": name}, "spec": spec}
    [resource] = load_manifests(json.dumps(manifest), "test")
    await ResourceStore(store, lambda: datetime(2026, 1, day, tzinfo=UTC)).create(resource)


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    return Pair(tmp_path)


def test_sessions_come_up_and_a_change_of_the_datastore_reaches_the_peer(pair: Pair) -> None:
    async def run() -> None:
        async with pair.running(0), pair.running(1):
            await pair.wait_for(lambda: pair.is_established(0))
            await pair.wait_for(lambda: equals(pair.learned(1), {"10.0.0.0/16"}))
            async with with_store(pair, lambda store: add_node(store, "n1", "10.9.9.1")):
                await pair.wait_for(lambda: equals(pair.learned(1), {"10.0.0.0/16", "10.1.0.0/16"}))
            status = await pair.status(0)
            assert status["datastore"]["is_connected"]
            assert status["intent_from"] == "datastore"
            assert status["sessions"][0]["counters"]["down_count"] == 0
            assert [(each["subject"], each["what"]) for each in status["events"]] == [
                (f"{ADDRESSES[1]} port {pair.port}", "up")
            ]

    asyncio.run(run())


async def equals(value: Awaitable[set[str]], expected: set[str]) -> bool:
    return await value == expected


@pytest.mark.parametrize("trouble", ["removed", "locked"])
def test_the_datastore_goes_and_sessions_stay_and_status_says_so(pair: Pair, trouble: str) -> None:
    async def run() -> None:
        async with pair.running(0), pair.running(1):
            await pair.wait_for(lambda: pair.is_established(0))
            await pair.wait_for(lambda: equals(pair.learned(1), {"10.0.0.0/16"}))
            for file in pair.folder.glob("store.db*"):
                if trouble == "removed":
                    file.unlink()
                else:
                    file.write_bytes(b"\0" * 4096)

            async def has_trouble() -> bool:
                status = await pair.status(0)
                return bool(status["datastore"]["text"]) and status["datastore"]["is_connected"] is False

            await pair.wait_for(has_trouble)
            assert await pair.is_established(0)
            assert await pair.learned(1) == {"10.0.0.0/16"}

    asyncio.run(run())


def test_an_agent_that_starts_without_a_datastore_comes_up_with_the_last_intent(pair: Pair) -> None:
    async def run() -> None:
        async with pair.running(0), pair.running(1):
            await pair.wait_for(lambda: pair.is_established(0))
        saved = pair.folder / "run0" / "intent.json"
        assert stat.S_IMODE(saved.stat().st_mode) == 0o600
        for file in pair.folder.glob("store.db*"):
            file.unlink()
        (pair.folder / "store.db").write_bytes(b"not a database at all" * 100)
        async with pair.running(0), pair.running(1):
            await pair.wait_for(lambda: pair.is_established(0))
            await pair.wait_for(lambda: equals(pair.learned(1), {"10.0.0.0/16"}))
            assert (await pair.status(0))["intent_from"] == "disk"

    asyncio.run(run())


@pytest.mark.parametrize("is_confirmed", [False, True])
def test_a_datastore_replaced_while_the_agent_was_away_is_obeyed_only_when_confirmed(
    pair: Pair, is_confirmed: bool
) -> None:
    async def run() -> None:
        async with (
            with_store(pair, lambda store: add_node(store, "n1", "10.9.9.1")),
            pair.running(0),
            pair.running(1),
        ):
            await pair.wait_for(lambda: equals(pair.learned(1), {"10.0.0.0/16", "10.1.0.0/16"}))
        for file in pair.folder.glob("store.db*"):
            file.unlink()
        async with (
            with_store(pair, lambda store: add_node(store, "another", "10.9.9.2")),
            pair.running(0),
            pair.running(1),
        ):

            async def is_held() -> bool:
                return bool((await pair.status(0))["datastore"]["is_held"])

            await pair.wait_for(is_held)
            await pair.wait_for(lambda: equals(pair.learned(1), {"10.0.0.0/16", "10.1.0.0/16"}))
            if is_confirmed:
                assert await pair.ask(0, "confirm") == [{"confirmed": True}]

                async def is_followed() -> bool:
                    status = await pair.status(0)
                    return status["intent_from"] == "datastore" and not status["datastore"]["is_held"]

                await pair.wait_for(is_followed)
            else:
                assert (await pair.status(0))["intent_from"] == "disk"

    asyncio.run(run())


def test_a_confirmation_is_remembered_over_a_restart(pair: Pair) -> None:
    async def run() -> None:
        async with with_store(pair, lambda store: add_node(store, "n1", "10.9.9.1")), pair.running(0):
            await pair.wait_for(lambda: comes_from(pair, "datastore"))
        for file in pair.folder.glob("store.db*"):
            file.unlink()
        async with with_store(pair, lambda store: add_node(store, "n1", "10.9.9.1")):
            async with pair.running(0):
                await pair.wait_for(lambda: is_held(pair))
                await pair.ask(0, "confirm")
                await pair.wait_for(lambda: is_followed(pair))
            async with pair.running(0):
                await pair.wait_for(lambda: comes_from(pair, "datastore"))
                assert not await is_held(pair)

    asyncio.run(run())


async def comes_from(pair: Pair, source: str) -> bool:
    return bool((await pair.status(0))["intent_from"] == source)


async def is_held(pair: Pair) -> bool:
    return bool((await pair.status(0))["datastore"]["is_held"])


async def is_followed(pair: Pair) -> bool:
    datastore = (await pair.status(0))["datastore"]
    return bool(datastore["is_connected"]) and not datastore["is_held"]


SPOILT = [
    ("router_id", "0.0.0.0"),
    ("router_id", "nonsense"),
    ("originated", ["10.0.0.1/8"]),
    ("address_v4", "127.77.0.999"),
]


@pytest.mark.parametrize(("field", "value"), SPOILT)
def test_a_last_intent_that_cannot_be_carried_out_is_not_used(pair: Pair, field: str, value: object) -> None:
    async def run() -> None:
        async with pair.running(0):
            await pair.wait_for(lambda: comes_from(pair, "datastore"))
        file = pair.folder / "run0" / "intent.json"
        content = json.loads(file.read_text())
        content["intent"][field] = value
        file.write_text(json.dumps(content))
        async with pair.running(0):
            await pair.wait_for(lambda: comes_from(pair, "datastore"))

    asyncio.run(run())


def test_a_datastore_url_that_cannot_be_used_leaves_no_socket(pair: Pair) -> None:
    pair.url = "mysql://nowhere"
    with pytest.raises(InvalidRequest, match="mysql"):
        asyncio.run(pair.agent(0).run())
    assert not (pair.folder / "run0" / "status.sock").exists()


def test_settings_that_cannot_be_used_leave_everything_as_it_is(pair: Pair) -> None:
    async def spoil(store: Store) -> None:
        resources = ResourceStore(store, lambda: datetime(2026, 1, 1, tzinfo=UTC))
        head = {"apiVersion": "projectcalico.org/v3", "kind": "BGPConfiguration", "metadata": {"name": "default"}}
        [default] = load_manifests(json.dumps({**head, "spec": {"asNumber": 23456}}), "test")
        assert isinstance(default, BGPConfiguration)
        await resources.create(default)

    async def run() -> None:
        async with pair.running(0), pair.running(1):
            await pair.wait_for(lambda: pair.is_established(0))
            async with with_store(pair, spoil):

                async def is_withheld() -> bool:
                    return "23456" in (await pair.status(0))["withheld"]

                await pair.wait_for(is_withheld)
                assert await pair.is_established(0)

    asyncio.run(run())


def test_a_newer_schema_leaves_everything_as_it_is(pair: Pair) -> None:
    async def newer(store: Store) -> None:
        await store.transact([], [Put(SCHEMA_KEY, Schema(SCHEMA_VERSION + 1).to_value())])
        with pytest.raises(SchemaMismatch):  # and nobody of today writes what would be seen
            await add_node(store, "n9", "10.0.0.9")

    async def is_withheld() -> bool:
        return "install a newer tortie" in (await pair.status(0))["withheld"]

    async def run() -> None:
        async with pair.running(0), pair.running(1):
            await pair.wait_for(pair.is_established)
            async with with_store(pair, newer):
                await pair.wait_for(is_withheld)
                assert await pair.is_established()
                assert (await pair.status(0))["originated"] == ["10.0.0.0/16"]

    asyncio.run(run())


def test_a_record_of_us_that_goes_leaves_sessions_and_says_so(pair: Pair) -> None:
    async def run() -> None:
        async with pair.running(0), pair.running(1):
            await pair.wait_for(lambda: pair.is_established(0))
            pair.is_known = False
            async with with_store(pair, lambda store: add_node(store, "n1", "10.9.9.1")):

                async def is_withheld() -> bool:
                    return ADDRESSES[0] in (await pair.status(0))["withheld"]

                await pair.wait_for(is_withheld)
                assert await pair.is_established(0)

    asyncio.run(run())


def test_a_port_in_use_is_said_and_tried_again(pair: Pair) -> None:
    async def run() -> None:
        with socket.socket() as holder:
            holder.bind((ADDRESSES[0], pair.port))
            holder.listen()
            async with pair.running(0):

                async def is_said() -> bool:
                    return "in use" in (await pair.status(0))["listen_errors"].get(ADDRESSES[0], "")

                await pair.wait_for(is_said)
                holder.close()

                async def is_listening() -> bool:
                    status = await pair.status(0)
                    return not status["listen_errors"] and bool(status["speaker"]["listening"])

                await pair.wait_for(is_listening)

    asyncio.run(run())


def test_a_second_agent_on_one_socket_is_refused(pair: Pair) -> None:
    async def run() -> None:
        async with pair.running(0):
            await pair.wait_for(lambda: has_sessions(pair))
            with pytest.raises(StatusSocketInUse, match="another agent listens"):
                await pair.agent(0).run()

    asyncio.run(run())


async def has_sessions(pair: Pair) -> bool:
    return bool((await pair.status(0))["sessions"])


def test_stop_over_the_socket_ends_the_agent_and_removes_the_socket(pair: Pair) -> None:
    async def run() -> None:
        async with pair.running(0):
            await pair.wait_for(lambda: has_sessions(pair))
            await pair.ask(0, "stop")
        assert not (pair.folder / "run0" / "status.sock").exists()

    asyncio.run(run())


@pytest.mark.rfc("4724", "4.1")
@pytest.mark.rfc("4724", "4.2")
@pytest.mark.parametrize("for_restart", [True, False])
def test_stop_for_restart_leaves_the_peer_what_it_learned(pair: Pair, for_restart: bool) -> None:
    """And the agent that comes up again with its last intent says that it has restarted."""

    async def stop_asked() -> None:
        [reply] = await pair.ask(0, "stop", for_restart=for_restart)
        assert reply == {"stopping": True, "for_restart": for_restart}

    async def is_lost() -> bool:
        return not await pair.is_established(1)

    async def is_learned() -> bool:
        return await pair.learned(1) == {"10.0.0.0/16"}

    async def run() -> None:
        async with pair.running(1):
            async with pair.running(0):
                await pair.wait_for(is_learned)
                await stop_asked()
            await pair.wait_for(is_lost)
            assert bool(await pair.learned(1)) is for_restart
            async with pair.running(0):
                await pair.wait_for(lambda: pair.is_established(1))
                await pair.wait_for(is_learned)
                assert (await pair.status(0))["intent_from"] in ("disk", "datastore")

    asyncio.run(run())


@pytest.mark.rfc("4724", "4.1")
def test_which_sessions_are_up_lies_beside_the_last_intent(pair: Pair) -> None:
    """A session that ends because the agent stops was up."""
    file = pair.folder / "run0" / "intent.sessions.json"

    async def run() -> None:
        async with pair.running(0):
            async with pair.running(1):
                await pair.wait_for(pair.is_established)
            await pair.wait_for(lambda: is_written([]))
            async with pair.running(1):
                await pair.wait_for(pair.is_established)
                await pair.ask(0, "stop", for_restart=True)
                await pair.wait_for(lambda: is_written([[*ADDRESSES, pair.port]]))
        assert load_last_sessions(file) == frozenset({PeerKey(*ADDRESSES, pair.port)})
        assert stat.S_IMODE(file.stat().st_mode) == 0o600

    async def is_written(content: list[object]) -> bool:
        return file.exists() and json.loads(file.read_text()) == content

    asyncio.run(run())


def test_stop_asks_for_true_or_false(pair: Pair) -> None:
    async def run() -> None:
        async with pair.running(0):
            await pair.wait_for(lambda: has_sessions(pair))
            [reply] = await pair.ask(0, "stop", for_restart="yes")
            assert reply is None
            assert await has_sessions(pair)

    asyncio.run(run())


@pytest.mark.rfc("8326", "4.1")
def test_drain_over_the_socket_and_back(pair: Pair) -> None:
    async def local_pref() -> object:
        [route] = [each for each in await pair.ask(1, "routes") if each["source"] == "internal"]
        return route["local_pref"]

    async def is_last_resort() -> bool:
        return await local_pref() == 0

    async def is_usual() -> bool:
        return await pair.learned(1) == {"10.0.0.0/16"} and await local_pref() == 100

    async def run() -> None:
        async with pair.running(1), pair.running(0):
            await pair.wait_for(is_usual)
            assert await pair.ask(0, "drain") == [{"draining": True}]
            await pair.wait_for(is_last_resort)
            assert (await pair.status(0))["speaker"]["is_draining"]
            assert await pair.ask(0, "drain", undo=True) == [{"draining": False}]
            await pair.wait_for(is_usual)
            assert await pair.ask(0, "drain", undo="yes") == [None]

    asyncio.run(run())


@pytest.mark.rfc("9003", "2")
def test_words_of_who_stops_are_shown_where_the_session_ended(pair: Pair) -> None:
    async def is_told() -> bool:
        said = [event.get("notification") for event in (await pair.status(1))["events"]]
        return 'Cease / Hard Reset: Cease / Administrative Shutdown: "back at 14:00"' in said

    async def run() -> None:
        async with pair.running(1):
            async with pair.running(0):
                await pair.wait_for(pair.is_established)
                await pair.ask(0, "stop", message="back at 14:00")
            await pair.wait_for(is_told)

    asyncio.run(run())


@pytest.mark.rfc("9003", "2")
@pytest.mark.parametrize("message", ["x" * 256, "é" * 128, 7, None], ids=["256", "of two octets", "number", "null"])
def test_words_that_cannot_be_sent_stop_nothing(pair: Pair, message: object) -> None:
    async def run() -> None:
        async with pair.running(0):
            await pair.wait_for(lambda: has_sessions(pair))
            [reply] = await pair.ask(0, "stop", message=message)
            assert reply is None
            assert await has_sessions(pair)

    asyncio.run(run())


def test_quarantined_records_stand_in_the_status(pair: Pair) -> None:
    async def two_of_one_address(store: Store) -> None:
        await add_node(store, "n1", "10.9.9.1")
        await add_node(store, "n2", "10.9.9.1", day=2)

    async def run() -> None:
        async with pair.running(0), with_store(pair, two_of_one_address):

            async def is_reported() -> bool:
                return [item["name"] for item in (await pair.status(0))["quarantine"]] == ["n2"]

            await pair.wait_for(is_reported)
            [event] = [each for each in (await pair.status(0))["events"] if each["kind"] == "record"]
            assert (event["subject"], event["what"]) == ("Node 'n2'", "set aside")
            assert "10.9.9.1" in event["reason"]

    asyncio.run(run())
