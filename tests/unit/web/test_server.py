"""The real server on loopback, driven by the document's own `curl` lines, with and without certificates."""

import asyncio
import errno
import json
import os
import shutil
import signal
import socket
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import pytest

from tortie.node.log import Log
from tortie.store.memory import MemoryStore
from tortie.web import ListenFailed, Serving, TLSFiles, TLSFilesInvalid, parse_grant, serve_api
from tortie.web.server import HEADER_BYTES_MAX

DEADLINE_S = 30
URL = "/v2/keys/calico/bgp/v1/rr_v4/10.10.31.168"
KEY = "/calico/bgp/v1/rr_v4/10.10.31.168"
VALUE = '{"ip":"10.10.31.168","cluster_id":"1.0.0.1"}'


class CertificateFiles(Protocol):
    """What conftest's certificates are, for those who read this file."""

    server: TLSFiles
    client: tuple[Path, Path]
    stranger: tuple[Path, Path]
    encrypted_key: Path


NOW = datetime(2026, 1, 1, tzinfo=UTC)
GRANTS = (parse_grant("write=CN=client"),)


def serving(address: str = "127.0.0.1", port: int = 0, tls: TLSFiles | None = None) -> Serving:
    return Serving(listen=(address, port), tls=tls, grants=GRANTS, clock=lambda: NOW)


def run(test: Callable[[MemoryStore, int], Awaitable[None]], tls: TLSFiles | None = None) -> None:
    """Run a test beside a server, on a free port of 127.0.0.1; the server is cancelled at its end."""

    async def main() -> None:
        store = MemoryStore()
        loop = asyncio.get_running_loop()
        port: asyncio.Future[int] = loop.create_future()
        async with asyncio.timeout(DEADLINE_S), asyncio.TaskGroup() as tasks:
            server = tasks.create_task(serve_api(store, serving(tls=tls), Log(), port.set_result))
            await test(store, await port)
            server.cancel()

    asyncio.run(main())


async def shell(command: str) -> tuple[int, str, str]:
    """Run a line as a person types it; return exit code, output and errors."""
    process = await asyncio.create_subprocess_shell(
        command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    output, errors = await process.communicate()
    return process.returncode or 0, output.decode(), errors.decode()


needs_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")

# The document's lines as printed, with its placeholders; -s -w only add what a test reads.
PUT_LINE = (
    "curl --cacert <path_to_ca_cert> --cert <path_to_cert> --key <path_to_key> -L "
    "https://<ETCD_IP:PORT>/v2/keys/calico/bgp/v1/rr_v4/<IPv4_RR> "
    '-XPUT -d value="{\\"ip\\":\\"<IPv4_RR>\\",\\"cluster_id\\":\\"<CLUSTER_ID>\\"}"'
)
PUT_LINE_V6 = PUT_LINE.replace("rr_v4", "rr_v6").replace("IPv4_RR", "IPv6_RR")


def filled(line: str, port: int, certificates: CertificateFiles) -> str:
    values = {
        "<path_to_ca_cert>": certificates.server.ca_cert_file,
        "<path_to_cert>": certificates.client[0],
        "<path_to_key>": certificates.client[1],
        "<ETCD_IP:PORT>": f"127.0.0.1:{port}",
        "<IPv4_RR>": "10.10.31.168",
        "<IPv6_RR>": "fd00::168",
        "<CLUSTER_ID>": "1.0.0.1",
    }
    for placeholder, value in values.items():
        line = line.replace(placeholder, str(value))
    assert "<" not in line
    return line + " -sS -w '%{http_code}'"


@needs_curl
def test_the_documents_lines_work_as_printed(certificates: CertificateFiles) -> None:
    async def test(store: MemoryStore, port: int) -> None:
        for line, key, ip in (
            (PUT_LINE, KEY, "10.10.31.168"),
            (PUT_LINE_V6, "/calico/bgp/v1/rr_v6/fd00::168", "fd00::168"),
        ):
            for status, action in ((201, "set"), (200, "set")):
                code, output, errors = await shell(filled(line, port, certificates))
                assert (code, errors) == (0, "")
                body, seen_status = output.splitlines()
                assert int(seen_status) == status
                reply = json.loads(body)
                assert reply["action"] == action
                assert reply["node"]["key"] == key
                assert json.loads(reply["node"]["value"]) == {"ip": ip, "cluster_id": "1.0.0.1"}
            entry = await store.get(key)
            assert entry is not None
            assert json.loads(entry.value) == {"ip": ip, "cluster_id": "1.0.0.1"}

    run(test, certificates.server)


def files_of(certificates: CertificateFiles) -> str:
    cert_file, key_file = certificates.client
    return f"--cacert {certificates.server.ca_cert_file} --cert {cert_file} --key {key_file}"


@needs_curl
def test_the_life_of_a_record(certificates: CertificateFiles) -> None:
    async def test(store: MemoryStore, port: int) -> None:
        curl, root = f"curl -s {files_of(certificates)}", f"https://127.0.0.1:{port}"
        _, output, _ = await shell(f"{curl} -L {root}{URL} -XPUT -d value='{VALUE}' -w '%{{http_code}}'")
        assert output.splitlines()[1] == "201"
        _, output, _ = await shell(f"{curl} -i {root}{URL}")
        assert "x-etcd-index: 1" in output.lower()
        assert json.loads(output.splitlines()[-1])["node"]["value"] == VALUE
        _, output, _ = await shell(f"{curl} {root}/v2/keys/calico/bgp/v1/rr_v4?recursive=true")
        assert len(json.loads(output)["node"]["nodes"]) == 1
        _, output, _ = await shell(f"{curl} -XDELETE {root}{URL}")
        assert json.loads(output)["action"] == "delete"
        assert (await store.list("/")).entries == ()

    run(test, certificates.server)


@needs_curl
def test_a_bad_value_is_refused_in_words(certificates: CertificateFiles) -> None:
    async def test(store: MemoryStore, port: int) -> None:
        line = f"curl -s {files_of(certificates)} -L https://127.0.0.1:{port}{URL} -XPUT"
        line += f" -d value='{VALUE.replace('1.0.0.1', 'one')}'"
        code, output, _ = await shell(line + " -w '%{http_code}'")
        body, status = output.splitlines()
        assert (code, status) == (0, "400")
        assert "field cluster_id: 'one': expected a cluster id in IPv4 notation" in json.loads(body)["cause"]
        assert (await store.list("/")).revision == 0

    run(test, certificates.server)


@needs_curl
@pytest.mark.parametrize("who", ["nobody", "stranger", "without TLS"])
def test_others_are_turned_away_in_the_handshake(certificates: CertificateFiles, who: str) -> None:
    async def test(store: MemoryStore, port: int) -> None:
        options = {
            "nobody": f"--cacert {certificates.server.ca_cert_file} https:",
            "stranger": f"--cacert {certificates.server.ca_cert_file} --cert {certificates.stranger[0]} "
            f"--key {certificates.stranger[1]} https:",
            "without TLS": "http:",
        }[who]
        code, output, _ = await shell(f"curl -s {options}//127.0.0.1:{port}{URL} -XPUT -d value='{VALUE}'")
        assert code != 0
        assert output == ""
        assert (await store.list("/")).revision == 0
        code, output, _ = await shell(filled(PUT_LINE, port, certificates))  # and it still serves
        assert output.endswith("201")

    run(test, certificates.server)


@needs_curl
def test_a_client_checks_the_server(certificates: CertificateFiles) -> None:
    async def test(_: MemoryStore, port: int) -> None:
        cert_file, key_file = certificates.client
        code, output, errors = await shell(
            f"curl -sS --cert {cert_file} --key {key_file} https://127.0.0.1:{port}/version"
        )
        assert (code, output) == (60, ""), (
            errors
        )  # curl: peer certificate cannot be authenticated with known CA certificates

    run(test, certificates.server)


async def exchange(port: int, request: bytes) -> bytes:
    """Send raw bytes and return everything until the server closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    answer = await reader.read()
    writer.close()
    return answer


def test_endless_headers_are_refused() -> None:
    async def test(_: MemoryStore, port: int) -> None:
        answer = await exchange(port, b"GET /version HTTP/1.1\r\nx: " + b"y" * (2 * HEADER_BYTES_MAX))
        assert answer.startswith(b"HTTP/1.1 400 ")
        answer = await exchange(port, b"GET /health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        assert answer.endswith(b'{"health":"true"}')

    run(test)


def test_nonsense_is_refused() -> None:
    async def test(_: MemoryStore, port: int) -> None:
        assert (await exchange(port, b"\x16\x03\x01 is not HTTP\r\n\r\n")).startswith(b"HTTP/1.1 400 ")

    run(test)


# ---------------------------------------------------------------- beginning and end


def has_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


def serve(address: str, port: int, tls: TLSFiles | None = None) -> None:
    """Serve until ready, then end by SIGTERM as a service manager would."""

    def end(_: int) -> None:
        os.kill(os.getpid(), signal.SIGTERM)

    async def main() -> None:
        async with asyncio.timeout(DEADLINE_S):
            await serve_api(MemoryStore(), serving(address, port, tls), Log(), end)

    asyncio.run(main())


@pytest.mark.parametrize("address", ["127.0.0.1", "127.9.9.9", "::1"])
def test_it_listens_on_loopback_and_ends_on_a_signal(address: str) -> None:
    if address == "::1" and not has_ipv6():
        pytest.skip("this host has no IPv6")
    serve(address, 0)


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "10.10.31.190", "fd00::190"])
def test_others_are_kept_out_without_certificates(address: str) -> None:
    with pytest.raises(ListenFailed, match="others can reach it, so it needs TLS and callers who show who"):
        serve(address, 0)


def test_unless_there_are_certificates(certificates: CertificateFiles) -> None:
    serve("0.0.0.0", 0, certificates.server)


@pytest.mark.parametrize(
    ("address", "port", "text"),
    [
        ("localhost", 0, "listen address 'localhost': expected an IPv4 or IPv6 address"),
        ("", 0, "listen address '': expected"),
        ("127.0.0.1", 65536, "listen port 65536: expected 1 to 65535"),
        ("127.0.0.1", -1, "listen port -1"),
    ],
)
def test_addresses_that_make_no_sense(address: str, port: int, text: str) -> None:
    with pytest.raises(ListenFailed, match=text):
        serve(address, port)


def test_a_port_in_use_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(ListenFailed, match=f"cannot listen on 127.0.0.1 port {port}: the port is in use") as caught:
            serve("127.0.0.1", port)
    assert caught.value.errno == errno.EADDRINUSE
    serve("127.0.0.1", port)  # free again


def test_an_address_of_another_host_is_named(certificates: CertificateFiles) -> None:
    with pytest.raises(ListenFailed, match=r"cannot listen on 192\.0\.2\.1 port 0: it is not an address of this host"):
        serve("192.0.2.1", 0, certificates.server)


def test_files_that_cannot_be_used_are_named(certificates: CertificateFiles, tmp_path: Path) -> None:
    good = certificates.server
    nonsense = tmp_path / "nonsense.pem"
    nonsense.write_text("nonsense")
    absent = tmp_path / "absent.pem"
    table = [
        (TLSFiles(absent, good.cert_file, good.key_file), f"TLS file {absent}: No such file"),
        (TLSFiles(good.ca_cert_file, absent, good.key_file), f"TLS file {absent}: No such file"),
        (TLSFiles(good.ca_cert_file, good.cert_file, absent), f"TLS file {absent}: No such file"),
        (TLSFiles(nonsense, good.cert_file, good.key_file), f"CA certificate {nonsense}: expected PEM certificates"),
        (TLSFiles(good.ca_cert_file, nonsense, good.key_file), f"certificate {nonsense} with key"),
        (TLSFiles(good.ca_cert_file, good.cert_file, nonsense), f"with key {nonsense}: expected PEM"),
        (
            TLSFiles(good.ca_cert_file, good.cert_file, certificates.client[1]),
            "expected PEM files that belong together",
        ),
        (TLSFiles(good.ca_cert_file, good.cert_file, certificates.encrypted_key), "the key not encrypted"),
    ]
    for files, text in table:
        with pytest.raises(TLSFilesInvalid) as caught:
            serve("127.0.0.1", 0, files)
        assert text in str(caught.value)
