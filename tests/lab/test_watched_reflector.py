"""A watched reflector as a process on loopback: what it recorded before kill -9 replays, collectors know all."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

import pytest

from support.bmp import INITIATION, PEER_UP, ROUTE_MONITORING, messages
from support.mrt import parsed, prefixes_of
from support.raw_bgp import RawClients, withdrawal
from support.reflector_process import DEADLINE_S, RANGE, reflector, run

CLIENTS = ["127.0.0.11", "127.0.0.12", "127.0.0.13"]
PREFIX_COUNT = 50
POLL_S = 0.05


class Station:
    """A BMP collector in a thread of its own."""

    def __init__(self) -> None:
        self.received = bytearray()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        try:
            connection, _ = self._listener.accept()
        except OSError:
            return  # nobody came
        with connection:
            try:
                while data := connection.recv(65536):
                    self.received += data
            except ConnectionResetError:
                pass

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(DEADLINE_S)
        assert not self._thread.is_alive()


@contextmanager
def station() -> Iterator[Station]:
    collector = Station()
    try:
        yield collector
    finally:
        collector.close()


def own_prefixes(client: str) -> list[str]:
    return [f"10.{client[-1]}.{index}.0/24" for index in range(PREFIX_COUNT)]


@contextmanager
def clients_of(port: int) -> Iterator[RawClients]:
    """Clients that came, announced, learned of each other, and took one prefix back each."""
    clients = RawClients("127.0.0.1", port, 64512)
    try:
        for address in CLIENTS:
            clients.add(address)
        every = clients.clients.values()
        clients.wait_for(lambda: all(each.is_established for each in every), "sessions")
        for address, client in clients.clients.items():
            client.announce(*own_prefixes(address))
        others = len(CLIENTS) - 1
        clients.wait_for(lambda: all(len(each.routes) == others * PREFIX_COUNT for each in every), "routes")
        for address, client in clients.clients.items():
            client.withdraw(own_prefixes(address)[0])
        clients.wait_for(lambda: all(len(each.routes) == others * (PREFIX_COUNT - 1) for each in every), "withdrawals")
        yield clients
    finally:
        clients.close()


STANDING = {prefix for address in CLIENTS for prefix in own_prefixes(address)[1:]}


def wait_for(is_true: Callable[[], bool], what: str) -> None:
    deadline = monotonic() + DEADLINE_S
    while not is_true():
        assert monotonic() < deadline, f"not within {DEADLINE_S} s: {what}"
        sleep(POLL_S)


def has_last_words(data: bytes, *, is_hexadecimal: bool = False) -> bool:
    """Say whether the withdrawals of all clients are there."""
    words = (withdrawal(own_prefixes(address)[:1]) for address in CLIENTS)
    return all((each.hex().encode() if is_hexadecimal else each) in data for each in words)


class Watched:
    """What is left of a watched reflector after kill -9."""

    def __init__(self, folder: Path) -> None:
        self.record, self.mrt, self.table = folder / "record.jsonl", folder / "updates.mrt", folder / "table.mrt"
        self.bmp = b""


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Watched:
    folder = tmp_path_factory.mktemp("watched")
    left = Watched(folder)
    options = ["--record", str(left.record), "--mrt", str(left.mrt), "--bmp"]
    with station() as collector:
        arguments = [*RANGE, *options, f"127.0.0.1:{collector.port}"]
        with reflector(folder / "s.sock", *arguments) as (process, port), clients_of(port):
            table = run("reflector", "routes", "--mrt", str(left.table), "--socket", str(folder / "s.sock"))
            assert (table.returncode, table.stdout, table.stderr) == (0, "", "")
            wait_for(lambda: has_last_words(left.record.read_bytes(), is_hexadecimal=True), "the recording")
            wait_for(lambda: has_last_words(left.mrt.read_bytes()), "the updates")
            wait_for(lambda: has_last_words(bytes(collector.received)), "what the collector hears")
            process.kill()
            process.wait(DEADLINE_S)
        left.bmp = bytes(collector.received)
    return left


def test_a_recording_that_was_cut_off_replays(watched: Watched) -> None:
    replayed = run("replay", str(watched.record))
    assert (replayed.returncode, replayed.stderr) == (0, "")
    assert "outputs: as recorded" in replayed.stdout
    assert "the recording breaks off here" in replayed.stdout
    shown = run("replay", "--show", "state", str(watched.record))
    lines = [json.loads(line) for line in shown.stdout.splitlines()]
    assert {line["path"]["prefix"] for line in lines if "path" in line} == STANDING
    sessions = [line["session"] for line in lines if "session" in line]
    assert sorted(each["remote_address"] for each in sessions if each["state"] == "established") == CLIENTS
    assert "as recorded" in shown.stderr


def test_a_torn_last_line_is_no_line(watched: Watched, tmp_path: Path) -> None:
    torn = tmp_path / "torn.jsonl"
    torn.write_bytes(watched.record.read_bytes()[:-9])
    assert "as recorded" in run("replay", str(torn)).stdout


def test_another_byte_in_an_input_is_another_output(watched: Watched, tmp_path: Path) -> None:
    changed = tmp_path / "changed.jsonl"
    lines = watched.record.read_bytes().splitlines(keepends=True)
    prefix = bytes([24, 10, 1, 7]).hex().encode()
    index = next(index for index, line in enumerate(lines) if b"receive_data" in line and prefix in line)
    lines[index] = lines[index].replace(prefix, bytes([24, 10, 1, 200]).hex().encode())
    changed.write_bytes(b"".join(lines))
    replayed = run("replay", str(changed))
    assert replayed.returncode == 1
    assert "not what was recorded" in replayed.stdout
    assert f"{changed}: line " in replayed.stderr
    until = run("replay", "--until", str(index), str(changed))
    assert (until.returncode, until.stderr) == (0, "")


def test_outputs_are_shown_with_the_line_that_led_to_them(watched: Watched) -> None:
    shown = run("replay", "--show", "outputs", str(watched.record)).stdout.splitlines()
    outputs = [json.loads(line) for line in shown]
    assert {"SendBytes", "PeerUp", "EndOfRIBReceived"} & {each["output"] for each in outputs} >= {"SendBytes", "PeerUp"}
    numbers = [each["line"] for each in outputs]
    assert numbers == sorted(numbers)


def test_what_is_no_recording_is_said_to_be_none(watched: Watched, tmp_path: Path) -> None:
    refused = run("replay", str(watched.mrt))
    assert refused.returncode == 1
    assert "line 1: not the first line of a recording" in refused.stderr
    missing = run("replay", str(tmp_path / "none"))
    assert missing.returncode == 1
    assert "No such file" in missing.stderr


def test_the_updates_say_what_came_in(watched: Watched) -> None:
    routes: set[str] = set()
    for record in parsed(watched.mrt):
        message = record.get("bgp_message", {})
        routes -= set(prefixes_of(message.get("withdrawn_routes", [])))
        routes |= set(prefixes_of(message.get("nlri", [])))
    assert routes == STANDING


def test_the_table_has_every_path(watched: Watched) -> None:
    index, *records = parsed(watched.table)
    assert sorted(entry["peer_ip"] for entry in index["peer_entries"]) == ["0.0.0.0", *CLIENTS]
    assert {f"{record['prefix']}/{record['length']}" for record in records} == STANDING


def test_the_collector_heard_of_every_session_and_update(watched: Watched) -> None:
    heard = messages(watched.bmp)
    assert heard[0].kind == INITIATION
    assert sorted(each.peer.address for each in heard if each.kind == PEER_UP and each.peer) == CLIENTS
    assert sum(each.kind == ROUTE_MONITORING for each in heard) >= 2 * len(CLIENTS)


def test_a_restart_keeps_the_former_recording(watched: Watched, tmp_path: Path) -> None:
    former = watched.record.read_bytes()
    with reflector(tmp_path / "s.sock", *RANGE, "--record", str(watched.record)):
        assert watched.record.with_name("record.jsonl.1").read_bytes() == former


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--record", "/nonexistent/r"], "cannot write /nonexistent/r: No such file or directory"),
        (["--bmp", "collector"], "expected HOST:PORT"),
        (["--bmp", "2001:db8::1:179"], "expected HOST:PORT"),
        (["--bmp", "192.0.2.1:0"], "expected HOST:PORT"),
    ],
)
def test_what_cannot_be_watched_is_named(tmp_path: Path, arguments: list[str], message: str) -> None:
    refused = run("reflector", "run", *RANGE, "--status-socket", str(tmp_path / "s.sock"), *arguments)
    assert refused.returncode in (1, 2)
    assert message in refused.stderr
    assert "Traceback" not in refused.stderr
