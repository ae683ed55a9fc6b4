"""Intents as configurations of FRR: the kept text, and what bgpd says of it.

Written anew by: UPDATE_GOLDEN=1 pytest tests/unit/lab/foreign.
"""

import os
import subprocess
from pathlib import Path

import pytest

from support.daemons import FRR, remove_frr_crash_logs
from support.speaker_text import check_golden, intents
from tortie.lab.foreign.frr import refused_lines
from tortie.lab.foreign.frr_text import render_frr

INTENTS = intents()


@pytest.mark.parametrize("name", INTENTS)
def test_text(name: str) -> None:
    check_golden(f"{name}.frr.conf", render_frr(INTENTS[name]))


def refused(text: str, folder: Path) -> list[str]:
    """Return what bgpd does not take of a file."""
    missing = FRR.missing()
    if missing is not None and os.environ.get("CI"):
        pytest.fail(f"no {missing}")
    if missing is not None:
        pytest.skip(f"no {missing}")
    file = folder / "bgpd.conf"
    file.write_text(text, encoding="utf-8")
    command = ["/usr/lib/frr/bgpd", "--skip_runas", "--dryrun", "-f", str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        said, _ = process.communicate(timeout=20)
    remove_frr_crash_logs(process.pid)
    assert process.returncode == 0
    return refused_lines(said)


@pytest.mark.parametrize("name", INTENTS)
def test_bgpd_takes_it(name: str, tmp_path: Path) -> None:
    assert refused(render_frr(INTENTS[name]), tmp_path) == []


def test_what_bgpd_does_not_take_is_seen(tmp_path: Path) -> None:
    found = refused("router bgp 1\n neighbor 10.0.0.1 nonsense\n", tmp_path)
    assert found == ["No such command on config line 2:  neighbor 10.0.0.1 nonsense"]


def test_a_session_with_a_password_is_left_out() -> None:
    assert "192.0.2.4" not in render_frr(INTENTS["options"])
