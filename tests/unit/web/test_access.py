"""Who may do what: every door with every key, over real sockets and TLS."""

import asyncio
import json
import logging
import os
import ssl
import stat
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import httpx
import pytest

from tortie.model import load_manifests, to_stored
from tortie.node.log import Log
from tortie.store import Put
from tortie.store.memory import MemoryStore
from tortie.web import AccessInvalid, ListenFailed, Serving, TLSFiles, TokenFile, parse_grant, serve_api
from tortie.web.access import ADDRESSES_MAX, FAILURES_MAX, Access, Caller, Grant, Role, _Failures

DEADLINE_S = 30
NOW = datetime(2026, 1, 1, tzinfo=UTC)
URL = "/v2/keys/calico/bgp/v1/rr_v4/10.10.31.168"
RECORD = {"value": '{"ip":"10.10.31.168","cluster_id":"1.0.0.1"}'}

Test = Callable[[MemoryStore, httpx.AsyncClient], Awaitable[None]]


class CertificateFiles(Protocol):
    """What conftest's certificates are, for those who read this file."""

    server: TLSFiles
    client: tuple[Path, Path]


def clock() -> datetime:
    return NOW


@asynccontextmanager
async def served(serving: Serving) -> AsyncIterator[tuple[MemoryStore, int]]:
    store = MemoryStore()
    port: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    async with asyncio.timeout(DEADLINE_S), asyncio.TaskGroup() as tasks:
        server = tasks.create_task(serve_api(store, serving, Log(), port.set_result))
        yield store, await port
        server.cancel()


def run(serving: Serving, test: Test, tls: ssl.SSLContext | None = None) -> None:
    async def main() -> None:
        async with served(serving) as (store, port):
            transport, base = None, f"{'http' if tls is None else 'https'}://127.0.0.1:{port}"
            if isinstance(serving.listen, Path):
                transport = httpx.AsyncHTTPTransport(uds=str(serving.listen))
            async with httpx.AsyncClient(base_url=base, verify=tls or True, transport=transport) as client:
                await test(store, client)

    asyncio.run(main())


def loopback(tokens: TokenFile | None = None) -> Serving:
    return Serving(listen=("127.0.0.1", 0), tokens=tokens, clock=clock)


def caller_context(certificates: CertificateFiles, *, has_certificate: bool = True) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=certificates.server.ca_cert_file)
    if has_certificate:
        context.load_cert_chain(*certificates.client)
    return context


def refusal(response: httpx.Response) -> tuple[int, str]:
    body = response.json()
    assert (body["errorCode"], body["index"]) == (110, 0)
    return response.status_code, body["cause"]


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


# ---------------------------------------------------------------- the places


def test_on_loopback_everybody_may_read_and_nobody_write() -> None:
    async def test(store: MemoryStore, client: httpx.AsyncClient) -> None:
        assert (await client.get("/v2/keys/calico")).status_code == 404
        assert (await client.get("/health")).status_code == 200
        for answer in (await client.put(URL, data=RECORD), await client.delete(URL), await client.post(URL)):
            assert refusal(answer) == (403, "anonymous may read, expected the role write")
        assert (await store.list("/")).revision == 0

    run(loopback(), test)


def test_a_unix_socket_is_its_owners_who_may_write(tmp_path: Path) -> None:
    place = tmp_path / "run" / "api.sock"

    async def test(_: MemoryStore, client: httpx.AsyncClient) -> None:
        assert stat.S_IMODE(place.stat().st_mode) == 0o600
        assert stat.S_IMODE(place.parent.stat().st_mode) == 0o700
        assert (await client.put(URL, data=RECORD)).status_code == 201

    run(Serving(listen=place, clock=clock), test)
    assert not place.exists()


def test_a_unix_socket_in_a_directory_that_others_may_change_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    with pytest.raises(ListenFailed, match=r"API socket .*others may write to the directory"):
        asyncio.run(serve_api(MemoryStore(), Serving(listen=tmp_path / "s", clock=clock), Log(), lambda _: None))


@pytest.mark.parametrize("has_tls", [False, True], ids=["plain", "TLS without a way to know callers"])
def test_beyond_loopback_nothing_is_served_without_tls_and_known_callers(
    certificates: CertificateFiles, tmp_path: Path, has_tls: bool
) -> None:
    tls = replace(certificates.server, ca_cert_file=None) if has_tls else None
    tokens = None if has_tls else TokenFile(tmp_path / "t")
    serving = Serving(listen=("0.0.0.0", 0), tls=tls, tokens=tokens, clock=clock)
    with pytest.raises(ListenFailed, match=r"tortie api --listen 0.0.0.0:2379 --cert server.pem .*--tokens FILE"):
        asyncio.run(serve_api(MemoryStore(), serving, Log(), lambda _: None))


# ---------------------------------------------------------------- certificates


@pytest.mark.parametrize(
    ("grants", "may_write"),
    [
        ([], False),
        (["write=CN=client"], True),
        (["write=CN=somebody"], False),
        (["read=CN=client"], False),
        (["write=SAN=127.0.0.1"], True),
        (["write=OU=client"], False),
        (["read=CN=client", "write=CN=client"], True),
    ],
)
def test_certificates_have_roles(certificates: CertificateFiles, grants: Sequence[str], may_write: bool) -> None:
    async def test(store: MemoryStore, client: httpx.AsyncClient) -> None:
        assert (await client.get("/version")).status_code == 200
        answer = await client.put(URL, data=RECORD)
        if may_write:
            assert answer.status_code == 201
        else:
            assert refusal(answer) == (403, "certificate client may read, expected the role write")
            assert (await store.list("/")).revision == 0

    serving = Serving(
        listen=("127.0.0.1", 0), tls=certificates.server, grants=[parse_grant(each) for each in grants], clock=clock
    )
    run(serving, test, caller_context(certificates))


def test_tls_is_at_least_1_2(certificates: CertificateFiles) -> None:
    async def test() -> None:
        async with served(Serving(listen=("127.0.0.1", 0), tls=certificates.server, clock=clock)) as (_, port):
            old = caller_context(certificates)
            old.set_ciphers("DEFAULT:@SECLEVEL=0")
            with pytest.warns(DeprecationWarning, match="TLSv1_1"):
                old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
            with pytest.raises((ssl.SSLError, ConnectionResetError)):
                await asyncio.open_connection("127.0.0.1", port, ssl=old)

    asyncio.run(test())


@pytest.mark.parametrize("text", ["", "write", "write=CN", "write=CN=", "admin=CN=a", "write=DC=a", "CN=a", "write=a"])
def test_grants_that_are_none(text: str) -> None:
    with pytest.raises(AccessInvalid, match="expected read or write, then CN="):
        parse_grant(text)


def test_names_in_a_certificate() -> None:
    certificate = {
        "subject": ((("organizationName", "net"),), (("organizationalUnitName", "ops"),), (("commonName", "a=b"),)),
        "subjectAltName": (("DNS", "admin.example"), ("URI", "spiffe://x/y")),
    }
    rows = ("O=net", "OU=ops", "CN=a=b", "SAN=admin.example", "SAN=spiffe://x/y")
    for row in rows:
        access = Access(grants=[parse_grant(f"write={row}")], clock=clock)
        assert access.caller(None, certificate) == Caller("certificate a=b", Role.WRITE)
    for grant in (Grant(Role.WRITE, "CN", "ops"), Grant(Role.WRITE, "CN", "a"), Grant(Role.WRITE, "SAN", "example")):
        assert Access(grants=[grant], clock=clock).caller(None, certificate) == Caller("certificate a=b", Role.READ)


# ---------------------------------------------------------------- tokens


def test_tokens_have_roles_and_without_one_nothing_is_served(tmp_path: Path) -> None:
    tokens = TokenFile(tmp_path / "tokens.json")
    reader = tokens.create("reader", "read", NOW, None)
    writer = tokens.create("writer", "write", NOW, None)
    late = tokens.create("late", "write", NOW - timedelta(days=2), NOW - timedelta(days=1))

    async def test(store: MemoryStore, client: httpx.AsyncClient) -> None:
        nobody = await client.get("/version")
        assert refusal(nobody) == (401, "expected a client certificate or a bearer token (tortie api token create)")
        assert nobody.headers["www-authenticate"] == 'Bearer realm="tortie"'
        assert (await client.get("/version", headers=bearer(reader))).status_code == 200
        answer = await client.put(URL, data=RECORD, headers=bearer(reader))
        assert refusal(answer) == (403, "token reader may read, expected the role write")
        assert refusal(await client.get("/version", headers=bearer("nonsense"))) == (401, "no such token")
        expired = refusal(await client.put(URL, data=RECORD, headers=bearer(late)))
        assert expired == (401, "the token late expired at 2025-12-31T00:00:00+00:00")
        other = refusal(await client.get("/version", headers={"Authorization": "Basic YTpi"}))
        assert other[0] == 401
        assert (await store.list("/")).revision == 0
        assert (await client.put(URL, data=RECORD, headers=bearer(writer))).status_code == 201
        tokens.revoke("writer")
        assert refusal(await client.delete(URL, headers=bearer(writer))) == (401, "no such token")

    run(loopback(tokens), test)


def test_a_token_beside_certificates(certificates: CertificateFiles, tmp_path: Path) -> None:
    tokens = TokenFile(tmp_path / "tokens.json")
    writer = tokens.create("writer", "write", NOW, None)
    tls = replace(certificates.server, are_clients_asked_only=True)
    serving = Serving(listen=("127.0.0.1", 0), tls=tls, tokens=tokens, clock=clock)

    async def without(_: MemoryStore, client: httpx.AsyncClient) -> None:
        assert refusal(await client.get("/version"))[0] == 401
        assert (await client.put(URL, data=RECORD, headers=bearer(writer))).status_code == 201

    async def with_one(_: MemoryStore, client: httpx.AsyncClient) -> None:
        assert (await client.get("/version")).status_code == 200
        assert refusal(await client.get("/version", headers=bearer("wrong")))[0] == 401, "what is shown counts"

    run(serving, without, caller_context(certificates, has_certificate=False))
    run(serving, with_one, caller_context(certificates))


def test_a_file_of_tokens_that_others_may_read_keeps_the_server_from_starting(tmp_path: Path) -> None:
    tokens = TokenFile(tmp_path / "tokens.json")
    tmp_path.chmod(0o755)
    tokens.create("a", "read", NOW, None)
    os.chmod(tokens.path, 0o644)
    with pytest.raises(AccessInvalid, match="chmod 600"):
        asyncio.run(serve_api(MemoryStore(), loopback(TokenFile(tokens.path)), Log(), lambda _: None))


# ---------------------------------------------------------------- the log, limits, secrets


class Lines(logging.Handler):
    """What is logged, message and fields."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.lines: list[tuple[str, dict[str, object]]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append((record.getMessage(), record.fields))  # type: ignore[attr-defined]  # Log's


@pytest.fixture
def logged() -> Iterator[Lines]:
    """Collect what is logged, whatever other tests have set up."""
    logger, collector = logging.getLogger("tortie"), Lines()
    handlers, level, propagate = logger.handlers[:], logger.level, logger.propagate
    logger.handlers[:], logger.propagate = [collector], False
    logger.setLevel(logging.INFO)
    yield collector
    logger.handlers[:], logger.propagate = handlers, propagate
    logger.setLevel(level)


def test_each_write_and_each_refusal_is_a_line_without_values(tmp_path: Path, logged: Lines) -> None:
    tokens = TokenFile(tmp_path / "tokens.json")
    writer = tokens.create("writer", "write", NOW, None)

    async def test(_: MemoryStore, client: httpx.AsyncClient) -> None:
        await client.put(URL, data=RECORD, headers=bearer(writer))
        await client.put(URL + "%0Afake line", data=RECORD, headers=bearer(writer))
        await client.get(URL, headers=bearer(writer))
        await client.get(URL, headers=bearer("hunter2"))

    run(loopback(tokens), test)
    lines = logged.lines
    written, broken, refused = lines
    assert written == (
        "api write",
        {"who": "token writer", "from": "127.0.0.1", "method": "PUT", "path": URL, "status": 201},
    )
    assert broken[1]["status"] == 404
    assert "\n" not in str(broken[1]["path"])
    assert refused[0] == "api refused"
    text = json.dumps(lines)
    assert "1.0.0.1" not in text
    assert "hunter2" not in text
    assert writer not in text


def test_refusals_are_bounded_and_keep_nobody_out() -> None:
    async def test(_: MemoryStore, client: httpx.AsyncClient) -> None:
        answers = [(await client.delete(URL)).status_code for _ in range(FAILURES_MAX + 2)]
        assert answers == [403] * FAILURES_MAX + [429] * 2
        assert (await client.get("/version")).status_code == 200

    run(loopback(), test)


def test_failures_are_counted_by_address_in_windows_and_forgotten() -> None:
    now = 0.0
    failures = _Failures(lambda: now)
    for _ in range(FAILURES_MAX):
        assert failures.count("a") == 0
    assert failures.count("a") == 60
    now = 45.0
    assert failures.count("a") == 15
    assert failures.count("b") == 0
    now = 60.0
    assert failures.count("a") == 0
    for number in range(ADDRESSES_MAX + 10):
        failures.count(str(number))
    assert len(failures._by_address) == ADDRESSES_MAX


def test_secrets_are_not_among_the_keys() -> None:
    manifest = "apiVersion: v1\nkind: Secret\nmetadata: {name: bgp}\nstringData: {password: hunter2}\n"
    (secret,) = load_manifests(manifest, "test")

    async def test(store: MemoryStore, client: httpx.AsyncClient) -> None:
        key, value = to_stored(secret)
        await store.transact([], [Put(key, value)])
        for path in ("", "/", "/tortie", key, "/tortie/secrets", "/../tortie/secrets/bgp"):
            for query in ("", "?recursive=true"):
                answer = await client.get(f"/v2/keys{path}{query}")
                assert "aHVudGVyMg" not in answer.text
                assert "secrets/bgp" not in answer.text.replace(f'"cause":"{key}"', "")

    run(loopback(), test)
