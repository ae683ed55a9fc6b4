"""The systemd units: they can be loaded, they are as closed as the page says, and our side of Type=notify.

No systemd runs here: `systemd-analyze` reads files, and a socket of the test stands in systemd's place.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from documents import DOCS, REPOSITORY
from hosts.programs import needs

UNITS = REPOSITORY / "deploy" / "systemd"
SERVICES = ("tortie-node", "tortie-reflector", "tortie-api")
COMMAND = "/opt/tortie/bin/tortie"
DEADLINE_S = 20.0


def settings(service: str) -> dict[str, list[str]]:
    """Return the settings of a unit, in any section, each with all its values."""
    found: dict[str, list[str]] = {}
    for line in (UNITS / f"{service}.service").read_text(encoding="utf-8").splitlines():
        name, separator, value = line.partition("=")
        if separator and not line.startswith("#"):
            found.setdefault(name, []).append(value)
    return found


@needs("systemd-analyze", package="systemd")
def test_systemd_can_load_them(tmp_path: Path) -> None:
    tortie = shutil.which("tortie", path=str(Path(sys.executable).parent))
    assert tortie is not None
    for service in SERVICES:
        text = (UNITS / f"{service}.service").read_text(encoding="utf-8")
        (tmp_path / f"{service}.service").write_text(text.replace(COMMAND, tortie), encoding="utf-8")
    files = [str(tmp_path / f"{service}.service") for service in SERVICES]
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *files], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@needs("systemd-analyze", package="systemd")
@pytest.mark.parametrize("service", SERVICES)
def test_the_page_states_the_exposure_that_systemd_finds(service: str) -> None:
    (stated,) = re.findall(
        rf"^\| `{service}\.service` \|.*\| ([\d.]+) \|$", (DOCS / "hosts.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", str(UNITS / f"{service}.service")],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", done.stdout)
    assert found is not None, done.stdout
    assert float(found.group(1)) <= float(stated), "say so on the page, or harden the unit"


@pytest.mark.parametrize(
    ("service", "capabilities"),
    [("tortie-node", "CAP_NET_ADMIN CAP_NET_BIND_SERVICE"), ("tortie-reflector", "CAP_NET_BIND_SERVICE"),
     ("tortie-api", "")],
)  # fmt: skip
def test_capabilities_are_those_that_the_page_names(service: str, capabilities: str) -> None:
    assert settings(service)["CapabilityBoundingSet"] == [capabilities]
    assert settings(service).get("AmbientCapabilities", [""]) == [capabilities]
    assert settings(service)["User"] == ["tortie"]
    named = ", ".join(f"`{name}`" for name in capabilities.split()) or "none"
    assert f"| `{service}.service` | {named} |" in (DOCS / "hosts.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("service", SERVICES)
def test_its_command_line_is_one_of_ours(service: str) -> None:
    from tortie.cli.app import GROUPS, VERBS  # noqa: PLC0415 - the tree of verbs, for this test only

    (line,) = settings(service)["ExecStart"]
    command, verb, *rest = line.split()
    assert command == COMMAND
    found = VERBS.get(verb) or GROUPS[verb][1][rest[0]]
    options = {spelling for parameter in found.params for spelling in parameter.opts}
    assert {word for word in rest if word.startswith("--")} <= options


# ---------------------------------------------------------------- our side of it


@contextmanager
def started(folder: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], socket.socket]]:
    """Run a verb of ours as a unit would; give the process and the socket that it tells."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(folder / "notify"))
        manager.settimeout(DEADLINE_S)
        variables = {**os.environ, "NOTIFY_SOCKET": str(folder / "notify"), "WATCHDOG_USEC": "200000"}
        process = subprocess.Popen(
            [sys.executable, "-m", "tortie", *arguments], env=variables, stderr=subprocess.PIPE, text=True
        )
        try:
            yield process, manager
        finally:
            process.kill()
            process.communicate()


def told(manager: socket.socket, word: str) -> str:
    """Return the first message with a word in it."""
    while word not in (text := manager.recv(4096).decode()):
        pass
    return text


def test_the_api_is_ready_when_it_listens_and_shows_the_watchdog(tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path}/store.db"
    with started(tmp_path, "api", "--listen", "127.0.0.1:0", "--datastore", store) as (process, manager):
        assert "STATUS=listening on http://127.0.0.1:" in told(manager, "READY=1")
        told(manager, "WATCHDOG=1")
        process.send_signal(signal.SIGTERM)
        assert process.wait(DEADLINE_S) == 0


def test_a_reflector_is_ready_when_its_record_is_there(tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path}/store.db"
    own = ("--run-dir", str(tmp_path / "run"), "--datastore", store)
    with started(tmp_path, "reflector", "run", "--ip", "127.0.0.1", *own) as (process, manager):
        assert "READY=1" in told(manager, "intent from datastore")
        told(manager, "WATCHDOG=1")
        process.send_signal(signal.SIGUSR1)
        told(manager, "STOPPING=1")
        assert process.wait(DEADLINE_S) == 0
