"""Reflectors that stand alone, as processes on loopback: they meet, answer for it, and end in order."""

import json
import os
import re
import signal
import socket
import subprocess
from contextlib import ExitStack
from pathlib import Path
from time import monotonic, sleep
from typing import Any
from urllib.request import urlopen

import pytest

from support.promtool import promtool
from support.reflector_process import DEADLINE_S, RANGE, command, reflector, run

POLL_S = 0.05


def status(socket: Path) -> dict[str, Any]:
    """Return what a reflector says of itself."""
    answer: dict[str, Any] = json.loads(run("reflector", "status", "-o", "json", "--socket", str(socket)).stdout)
    return answer


def wait_established(socket: Path) -> dict[str, Any]:
    """Return the one session of a reflector once it is established."""
    deadline = monotonic() + DEADLINE_S
    while monotonic() < deadline:
        sessions = status(socket)["sessions"]
        if [session["state"] for session in sessions] == ["established"]:
            session: dict[str, Any] = sessions[0]
            return session
        sleep(POLL_S)
    pytest.fail(f"no session within {DEADLINE_S} s: {status(socket)['sessions']}")


@pytest.mark.rfc("9003", "2")
def test_file_and_options_meet(tmp_path: Path) -> None:
    ours, theirs = tmp_path / "ours.sock", tmp_path / "theirs.sock"
    with ExitStack() as stack:
        process, port = stack.enter_context(reflector(ours, *RANGE))
        file = tmp_path / "peer.yaml"
        file.write_text(
            f"listen: {{address: 127.0.0.2, port: 0}}\nas: 64512\npeers: [{{address: 127.0.0.1, port: {port}}}]\n",
            encoding="utf-8",
        )
        stack.enter_context(reflector(theirs, "--config", str(file)))
        client = wait_established(ours)
        assert (client["remote_address"], client["is_client"], client["is_dynamic"]) == ("127.0.0.2", True, True)
        assert client["counters"]["open_received"] == 1
        server = wait_established(theirs)
        assert (server["remote_address"], server["remote_port"], server["is_client"]) == ("127.0.0.1", port, False)
        text = run("reflector", "status", "--socket", str(ours)).stdout
        assert re.search(r"\| 127.0.0.2 +\| client +\| up +\| [\d:]{8} \| Established \|", text)
        assert run("reflector", "routes", "--socket", str(ours)).stdout == "No paths.\n"
        assert json.loads(run("reflector", "routes", "-o", "json", "--socket", str(ours)).stdout) == []
        assert run("reflector", "stop", "--socket", str(ours), "--message", "soon\x1b[2J back").returncode == 0
        assert process.wait(DEADLINE_S) == 0
        assert not ours.exists()
        said = 'Cease / Hard Reset: Cease / Administrative Shutdown: "soon\\x1b[2J back"'
        (session,) = status(theirs)["sessions"]
        assert session["last_notification_received"] == said
        text = run("reflector", "status", "--socket", str(theirs)).stdout
        assert said in " ".join(text.split())
        assert "\x1b" not in text


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signal_ends_it_in_order(tmp_path: Path, number: signal.Signals) -> None:
    with reflector(tmp_path / "s.sock", *RANGE) as (process, _):
        os.kill(process.pid, number)
        assert process.wait(DEADLINE_S) == 0
        assert not (tmp_path / "s.sock").exists()


def test_signal_for_a_restart_says_nothing_to_the_peer(tmp_path: Path) -> None:
    ours, theirs = tmp_path / "ours.sock", tmp_path / "theirs.sock"
    with ExitStack() as stack:
        process, port = stack.enter_context(reflector(ours, *RANGE))
        file = tmp_path / "peer.yaml"
        text = f"listen: {{address: 127.0.0.2, port: 0}}\nas: 64512\npeers: [{{address: 127.0.0.1, port: {port}}}]\n"
        file.write_text(text, encoding="utf-8")
        stack.enter_context(reflector(theirs, "--config", str(file)))
        wait_established(ours)
        wait_established(theirs)
        process.send_signal(signal.SIGUSR1)
        assert process.wait(DEADLINE_S) == 0
        (session,) = status(theirs)["sessions"]
        assert session["last_notification_received"] in ("", None)


def test_port_in_use(tmp_path: Path) -> None:
    with reflector(tmp_path / "s.sock", *RANGE) as (_, port):
        second = [*RANGE[:3], str(port), *RANGE[4:]]
        refused = run("reflector", "run", *second, "--status-socket", str(tmp_path / "t.sock"))
        assert refused.returncode == 1
        assert f"cannot listen on 127.0.0.1 port {port}: Address already in use" in refused.stderr
        assert "Traceback" not in refused.stderr


def test_status_socket_in_use(tmp_path: Path) -> None:
    with reflector(tmp_path / "s.sock", *RANGE):
        refused = run("reflector", "run", *RANGE, "--status-socket", str(tmp_path / "s.sock"))
        assert refused.returncode == 1
        assert "another agent listens on it" in refused.stderr


def test_nobody_to_ask(tmp_path: Path) -> None:
    asked = run("reflector", "status", "--socket", str(tmp_path / "none.sock"))
    assert asked.returncode == 3
    assert asked.stderr.endswith("is the agent running? Start it: tortie reflector run\n")


# ---------------------------------------------------------------- logs and metrics


def scrape(port: int) -> str:
    """Return the page of metrics."""
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=DEADLINE_S) as answer:
        text: str = answer.read().decode()
        return text


def value(page: str, series: str) -> float:
    """Return the number of one series."""
    (found,) = [line for line in page.splitlines() if line.startswith(f"{series} ")]
    return float(found.rpartition(" ")[2])


def test_metrics_of_a_session_and_the_text_form_of_the_log(tmp_path: Path) -> None:
    with ExitStack() as stack:
        _, port = stack.enter_context(reflector(tmp_path / "ours.sock", *RANGE))
        file = tmp_path / "peer.yaml"
        file.write_text(
            f"listen: {{address: 127.0.0.2, port: 0}}\nas: 64512\npeers: [{{address: 127.0.0.1, port: {port}}}]\n",
            encoding="utf-8",
        )
        whole = command("reflector", "run", "--config", str(file), "--status-socket", str(tmp_path / "theirs.sock"))
        options = ["--metrics-listen", "127.0.0.1:0", "--log-format", "text", "--log-level", "debug"]
        process = stack.enter_context(subprocess.Popen([*whole, *options], stderr=subprocess.PIPE, text=True))
        stack.callback(process.kill)
        assert process.stderr is not None
        said: list[str] = []
        while (found := re.search(r"serving metrics .*metrics_port=(\d+)$", line := process.stderr.readline())) is None:
            assert line, f"it has ended: {said}"
            said.append(line)
        assert any('Z info     listening object="address 127.0.0.2" port=' in line for line in said)
        wait_established(tmp_path / "theirs.sock")
        page = scrape(int(found.group(1)))
        assert value(page, 'tortie_sessions{kind="internal",state="established"}') == 1
        assert value(page, "tortie_session_ups_total") == 1
        assert value(page, 'tortie_received_messages_total{type="open"}') == 1
        assert value(page, "tortie_received_bytes_total") > 19
        done = promtool("check", "metrics", text=page)
        assert (done.returncode, done.stdout + done.stderr) == (0, "")
        process.terminate()
        rest = process.stderr.read().splitlines()
        assert any(re.search(r"Z debug +session event .*OPEN_CONFIRM to ESTABLISHED", line) for line in rest)
        assert any(re.search(r"Z info +session up object=", line) for line in rest)


def test_in_the_journal_a_line_has_a_priority_and_no_time(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    found = os.fstat(writing)
    environment = {**os.environ, "JOURNAL_STREAM": f"{found.st_dev}:{found.st_ino}"}
    whole = command("reflector", "run", *RANGE, "--status-socket", str(tmp_path / "s.sock"))
    with (
        subprocess.Popen(whole, stderr=writing, env=environment) as process,
        os.fdopen(reading, encoding="utf-8") as log,
    ):
        os.close(writing)
        try:
            assert re.fullmatch(
                r'<6>info     listening object="address 127.0.0.1" port=\d+ version=\S+\n', log.readline()
            )
        finally:
            process.kill()


def test_metrics_where_something_else_listens(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        arguments = ("--status-socket", str(tmp_path / "s.sock"), "--metrics-listen", str(port))
        refused = run("reflector", "run", *RANGE, *arguments)
    assert refused.returncode == 1
    assert f"cannot listen on 127.0.0.1 port {port}: Address already in use" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_metrics_at_no_address(tmp_path: Path) -> None:
    refused = run(
        "reflector", "run", *RANGE, "--status-socket", str(tmp_path / "s.sock"), "--metrics-listen", "localhost:1"
    )
    assert refused.returncode == 2
    assert "expected an IP address and a port" in refused.stderr


SECRET = "hunter2-of-everything"


@pytest.mark.parametrize("kind", ["peer", "top", "url", "environment", "key"])
def test_no_secret_in_an_error(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "reflector.yaml"
    head = "listen: {address: 127.0.0.1, port: 0}\nas: 64512\n"
    key = tmp_path / "key.pem"
    key.write_text(f"-----BEGIN PRIVATE KEY-----\n{SECRET}\n-----END PRIVATE KEY-----\n", encoding="utf-8")
    rest = {"peer": f"peers: [{{address: 127.0.0.2, password: {SECRET}}}]\n", "top": f"password: {SECRET}\n"}
    file.write_text(head + rest.get(kind, ""), encoding="utf-8")
    arguments = {
        "url": ("get", "node", "--datastore", f"nosuch://root:{SECRET}@127.0.0.1:1"),
        "key": (
            "api",
            "--ca-cert",
            str(key),
            "--cert",
            str(key),
            "--key",
            str(key),
            "--listen",
            "127.0.0.1:0",
            "--datastore",
            f"sqlite:///{tmp_path}/x.db",
        ),
        "environment": ("get", "node", "--datastore", f"sqlite:///nowhere/{SECRET}/x.db"),
    }.get(kind, ("reflector", "run", "--config", str(file), "--status-socket", str(tmp_path / "s.sock")))
    environment = {**os.environ, "ETCD_PASSWORD": SECRET}
    done = subprocess.run(
        command(*arguments), capture_output=True, text=True, timeout=DEADLINE_S, check=False, env=environment
    )
    assert done.returncode in (1, 3)
    assert done.stderr
    assert SECRET not in done.stdout + done.stderr
