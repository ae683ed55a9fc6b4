"""Intents as configurations of GoBGP: the kept document, and what gobgpd says of it.

Written anew by: UPDATE_GOLDEN=1 pytest tests/unit/lab/foreign.
"""

import json
import os
import subprocess
from pathlib import Path

import pytest

from support.daemons import GoBGP
from support.speaker_text import check_golden, intents
from tortie.lab.foreign.gobgp_text import render_gobgp

INTENTS = intents()


@pytest.mark.parametrize("name", INTENTS)
def test_document(name: str) -> None:
    check_golden(f"{name}.gobgp.json", json.dumps(render_gobgp(INTENTS[name]), indent=1) + "\n")


@pytest.mark.parametrize("name", INTENTS)
def test_gobgpd_takes_it(name: str, tmp_path: Path) -> None:
    missing = GoBGP.missing()
    if missing is not None and os.environ.get("CI"):
        pytest.fail(f"no {missing}")
    if missing is not None:
        pytest.skip(f"no {missing}")
    file = tmp_path / "gobgpd.json"
    file.write_text(json.dumps(render_gobgp(INTENTS[name])), encoding="utf-8")
    command = ["gobgpd", "--dry-run", "-t", "json", "-f", str(file)]
    assert subprocess.run(command, capture_output=True, check=False, timeout=20).returncode == 0


def test_a_session_with_a_password_is_left_out() -> None:
    assert "192.0.2.4" not in json.dumps(render_gobgp(INTENTS["options"]))
