"""What is said of a datastore that was not there."""

from pathlib import Path

import pytest

from tortie.cli import run_command_line
from tortie.cli.errors import ExitCode


def test_a_new_datastore_is_announced_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = f"sqlite://{tmp_path}/s.db"
    for expected in (f"created a new datastore at {tmp_path}/s.db\n", ""):
        assert run_command_line(["config", "set", "logLevel", "info", "--datastore", url], "tortie") == ExitCode.OK
        captured = capsys.readouterr()
        assert (captured.out, captured.err) == ("", expected)
