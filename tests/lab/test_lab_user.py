"""Labs of an ordinary user: inside a user namespace, with a home of its own and no rights."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

import tortie
from tortie.lab.etcd_lab import with_etcd
from tortie.lab.foreign.speakers import missing_speakers
from tortie.lab.requirements import missing_etcd
from tortie.lab.topology import load_topology

NOBODY: Final = 65534
AS_NOBODY: Final = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")

SEED: Final = """
import asyncio, json, sys
from tortie.lab.seed_walk import run_seed
from tortie.lab.topology import load_topology
record = asyncio.run(run_seed(load_topology("seed"), lambda event: None))
json.dump(record.to_data(), sys.stdout)
"""

ETCD: Final = SEED.replace('load_topology("seed")', 'with_etcd(load_topology("seed"), 3)').replace(
    "import run_seed", "import run_seed; from tortie.lab.etcd_lab import with_etcd"
)

MIXED: Final = SEED.replace('"seed"', '"mixed"').replace(
    "seed_walk import run_seed", "walks import run_topology as run_seed"
)

SMALL: Final = """
import asyncio, json, os, signal, subprocess, sys
from lab.lab_world import COMMANDS, TOPOLOGY, on
from tortie.lab.execute import exec_arguments
from tortie.lab.leftovers import footprint, leftovers
from tortie.lab.lifecycle import down, open_lab, sweep, up
from tortie.lab.probe import Probe

async def main():
    found = {}
    lab = await up(TOPOLOGY, commands=COMMANDS)
    before = footprint(lab)
    found["folder"] = str(lab.directory.root)
    found["has_user_namespace"] = lab.state.has_user_namespace
    found["remarks"] = lab.state.remarks
    lab = open_lab("small")
    line = "hostname; id -u; cat; ls /sys/class/net | grep -c cali; exit 7"
    out = await on(lab, "a", "sh", "-c", line, stdin="in\\n")
    found["exec"] = [out.exit_code, out.stdout]
    found["route"] = (await on(lab, "a", "ip", "route", "add", "172.16.0.0/12", "via", "10.1.0.3")).exit_code
    found["pairs"] = (await Probe(lab).round(0.05)).pairs
    found["datagrams"] = (await Probe(lab).send_for(10, 1.0)).sent > 0
    os.kill(lab.state.holder.pid, signal.SIGKILL)
    async with asyncio.timeout(10):
        while any("process" in line for line in leftovers(before)):
            await asyncio.sleep(0.02)
    found["swept"] = sweep()
    found["left"] = leftovers(before)
    lab = await up(TOPOLOGY, commands=COMMANDS)
    found["down"] = [await down("small"), await down("small")]
    return found

json.dump(asyncio.run(main()), sys.stdout)
"""


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder of nobody's own, in /tmp: pytest's folders are root's."""
    folder = Path(tempfile.mkdtemp(prefix="tortie-nobody-"))
    os.chown(folder, NOBODY, NOBODY)
    for name in ("home", "runtime"):
        (folder / name).mkdir(mode=0o700)
        os.chown(folder / name, NOBODY, NOBODY)
    yield folder
    shutil.rmtree(folder)


def environment(home: Path) -> dict[str, str]:
    installed = [entry for entry in sys.path if entry.endswith("site-packages")]
    source = Path(tortie.__file__).resolve().parents[1]
    return {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": str(home / "home"),
        "XDG_RUNTIME_DIR": str(home / "runtime"),
        "PYTHONPATH": ":".join([str(source), str(Path(__file__).resolve().parents[1]), *installed]),
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def interpreter(home: Path) -> str:
    """Return a Python of this version that nobody may run: this one may lie in root's home."""
    if os.geteuid() != 0:
        pytest.skip("needs root, to become an ordinary user")
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    # Run by way of `env`: setpriv itself still has root's rights when it looks for what it is to run.
    for python in (sys.executable, f"/usr/bin/{version}", f"/usr/local/bin/{version}"):
        trial = subprocess.run(
            [*AS_NOBODY, "env", python, "-c", "import pydantic_core, cryptography, tortie"],
            env=environment(home), cwd="/", capture_output=True, check=False,
        )  # fmt: skip
        if trial.returncode == 0:
            return python
    pytest.skip(f"no {version} with the installed packages that user {NOBODY} may run")


def as_nobody(home: Path, script: str) -> dict[str, object]:
    done = subprocess.run(
        [*AS_NOBODY, "env", interpreter(home), "-c", script],
        env=environment(home), cwd="/", capture_output=True, text=True, check=False, timeout=110,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


@pytest.mark.root
def test_an_ordinary_user_raises_uses_loses_and_takes_down_a_lab(home: Path) -> None:
    found = as_nobody(home, SMALL)
    assert found == {
        "folder": str(home / "runtime" / "tortie-lab" / "small"),
        "has_user_namespace": True,
        "remarks": [],
        "exec": [7, "a\n0\nin\n2\n"],
        "route": 0,
        "pairs": 14,
        "datagrams": True,
        "swept": ["small"],
        "left": [],
        "down": [True, False],
    }
    assert list((home / "runtime").iterdir()) == []
    assert list((home / "home").iterdir()) == []


@pytest.mark.root
def test_the_document_runs_for_an_ordinary_user(home: Path) -> None:
    record = as_nobody(home, SEED)
    steps = record["steps"]
    assert isinstance(steps, list)
    assert record["ok"], [(step["title"], step["expected"], step["seen"]) for step in steps if not step["ok"]]
    assert len(steps) == 14
    assert list((home / "runtime").iterdir()) == []


@pytest.mark.all
@pytest.mark.root
def test_the_document_on_etcd_runs_for_an_ordinary_user(home: Path) -> None:
    missing = missing_etcd(with_etcd(load_topology("seed"), 3), shutil.which)
    if missing and not os.environ.get("CI"):
        pytest.skip(f"no {missing[0].name}: {missing[0].remedy}")
    record = as_nobody(home, ETCD)
    steps = record["steps"]
    assert isinstance(steps, list)
    assert record["ok"], [(step["title"], step["expected"], step["seen"]) for step in steps if not step["ok"]]
    assert len(steps) == 16
    assert list((home / "runtime").iterdir()) == []


@pytest.mark.all
@pytest.mark.root
def test_foreign_speakers_run_for_an_ordinary_user(home: Path) -> None:
    """Without users and groups of theirs, which a user namespace of one user does not have."""
    missing = [item.reason for item in missing_speakers(load_topology("mixed"))]
    if missing and not os.environ.get("CI"):
        pytest.skip("; ".join(missing))
    record = as_nobody(home, MIXED)
    steps = record["steps"]
    assert isinstance(steps, list)
    assert record["ok"], [(step["title"], step["expected"], step["seen"]) for step in steps if not step["ok"]]
    assert list((home / "runtime").iterdir()) == []
