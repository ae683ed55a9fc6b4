"""/metrics over HTTP on loopback: the page, what is refused, and that nobody can tie the agent up."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tortie.node import metrics_server
from tortie.node.histogram import Histogram
from tortie.node.log import Log
from tortie.node.metrics_address import MetricsAddress
from tortie.node.metrics_server import CONNECTIONS_MAX, READ_SIZE_BYTES, REQUEST_BYTES_MAX, MetricsServer
from tortie.node.metrics_service import open_metrics
from tortie.node.metrics_table import Sample, Samples
from tortie.speaker import ListenFailed

DEADLINE_S = 20.0
LOOPBACK = MetricsAddress("127.0.0.1", 0)


def samples() -> Iterator[Sample]:
    histogram = Histogram()
    histogram.observe(0.003)
    yield "tortie_datastore_connected", (), True
    yield "tortie_session_resets_total", ("hold_timer",), 3
    yield "tortie_session_resets_total", ("other",), 0
    yield "tortie_update_propagation_seconds", (), histogram


@asynccontextmanager
async def served(source: Callable[[], Samples] = samples, log: Log | None = None) -> AsyncIterator[int]:
    server = MetricsServer(LOOPBACK, source, log or Log())
    port = server.open()
    try:
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(server.serve())
            try:
                yield port
            finally:
                running.cancel()
    finally:
        server.close()
        server.close()  # twice is once


async def connect(port: int) -> socket.socket:
    connection = socket.socket()
    connection.setblocking(False)
    await asyncio.get_running_loop().sock_connect(connection, ("127.0.0.1", port))
    return connection


async def ask(port: int, request: str) -> str:
    """Send one request; return the whole answer."""
    loop = asyncio.get_running_loop()
    with await connect(port) as connection:
        await loop.sock_sendall(connection, request.replace("\n", "\r\n").encode())
        answer = b""
        while data := await loop.sock_recv(connection, 65536):
            answer += data
        return answer.decode()


async def answer_or_nothing(port: int) -> str:
    """Ask where the connection may be closed at once."""
    try:
        return await ask(port, get())
    except ConnectionError:
        return ""


def get(path: str = "/metrics", headers: str = "", method: str = "GET") -> str:
    return f"{method} {path} HTTP/1.1\nHost: x\n{headers}\n"


def run(test: Coroutine[object, object, None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(DEADLINE_S):
            await test

    asyncio.run(bounded())


def test_the_page() -> None:
    async def test() -> None:
        async with served() as port:
            head, _, body = (await ask(port, get())).partition("\r\n\r\n")
        assert head.startswith("HTTP/1.1 200 OK\r\n")
        assert "Content-Type: text/plain; version=0.0.4; charset=utf-8" in head
        assert f"Content-Length: {len(body)}" in head
        families = {family.name: family for family in text_string_to_metric_families(body)}
        assert families["tortie_session_resets"].type == "counter"
        assert [each.value for each in families["tortie_session_resets"].samples] == [3, 0]
        assert families["tortie_datastore_connected"].samples[0].value == 1
        buckets = {each.labels.get("le"): each.value for each in families["tortie_update_propagation_seconds"].samples}
        assert (buckets["0.0025"], buckets["0.005"], buckets["+Inf"]) == (0, 1, 1)
        assert "process_resident_memory_bytes" in families

    run(test())


def test_openmetrics_where_it_is_asked_for() -> None:
    async def test() -> None:
        async with served() as port:
            wanted = "Accept: application/openmetrics-text;version=1.0.0,text/plain;q=0.5\n"
            answer = await ask(port, get(headers=wanted))
            assert "Content-Type: application/openmetrics-text" in answer
            assert answer.endswith("# EOF\n")
            assert "text/plain" in await ask(port, get()), "each form has a page of its own"

    run(test())


@pytest.mark.parametrize(
    ("request_text", "status"),
    [
        (get("/metrics?x=1"), 200),
        (get(method="HEAD"), 200),
        (get("/"), 404),
        (get("/metrics/"), 404),
        (get(method="POST", headers="Content-Length: 3\n"), 405),
        (get(method="DELETE"), 405),
        ("nonsense\n\n", 400),
        ("GET /metrics HTTP/1.1\n\n", 400),
        (get(headers=f"X: {'x' * (REQUEST_BYTES_MAX + READ_SIZE_BYTES)}\n"), 431),
    ],
)
def test_requests(request_text: str, status: int) -> None:
    async def test() -> None:
        async with served() as port:
            answer = await ask(port, request_text)
            assert answer.startswith(f"HTTP/1.1 {status} ")
            assert "Connection: close" in answer
            if request_text.startswith("HEAD"):
                assert answer.endswith("\r\n\r\n")
            assert "200 OK" in await ask(port, get()), "it goes on"

    run(test())


def test_who_comes_and_goes_is_no_trouble() -> None:
    async def test() -> None:
        async with served() as port:
            for request in ("", "GET /met", get()):
                with await connect(port) as connection:
                    connection.send(request.encode())
            assert "200 OK" in await ask(port, get())

    run(test())


def test_who_says_nothing_is_hung_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics_server, "TIMEOUT_S", 0.02)

    async def test() -> None:
        async with served() as port:
            assert await ask(port, "GET /metrics") == ""

    run(test())


def test_so_many_and_no_more() -> None:
    async def test() -> None:
        async with served() as port:
            waiting = [await connect(port) for _ in range(CONNECTIONS_MAX)]
            assert await answer_or_nothing(port) == ""
            waiting.pop().close()
            while "200 OK" not in await answer_or_nothing(port):  # noqa: ASYNC110 - asks until the server has noticed
                await asyncio.sleep(0)
            for connection in waiting:
                connection.close()

    run(test())


def test_the_page_is_not_made_anew_for_who_asks_without_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    def counted() -> Samples:
        made.append(1)
        return samples()

    async def test() -> None:
        async with served(counted) as port:
            assert await ask(port, get()) == await ask(port, get())
            assert len(made) == 1
            monkeypatch.setattr(metrics_server, "PAGE_AGE_S_MAX", -1.0)
            await ask(port, get())
            assert len(made) == 2

    run(test())


def test_a_defect_of_the_metrics_ends_neither_server_nor_agent() -> None:
    defects = [True]

    def defective() -> Samples:
        if defects:
            raise ZeroDivisionError(defects.pop())
        return samples()

    async def test() -> None:
        log = Log()
        async with served(defective, log) as port:
            assert await ask(port, get()) == ""
            assert log.line_counts["error"] == 1
            assert "200 OK" in await ask(port, get())

    run(test())


def test_an_address_that_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ListenFailed, match=rf"cannot listen on 127\.0\.0\.1 port {port}: Address already in use"):
            open_metrics(MetricsAddress("127.0.0.1", port), samples, Log())


def test_ipv6() -> None:
    async def test() -> None:
        server = MetricsServer(MetricsAddress("::1", 0), samples, Log())
        server.open()
        server.close()

    run(test())


def test_the_number_in_every_line_can_be_read() -> None:
    async def test() -> None:
        async with served() as port:
            body = (await ask(port, get())).partition("\r\n\r\n")[2]
        for line in body.splitlines():
            assert line.startswith("#") or re.fullmatch(r"[a-z_]+(\{[^{}]*\})? [0-9.e+]+", line), line

    run(test())
