"""What is said of a datastore that was not there, and of one whose schema is not ours."""

import asyncio
import json
from pathlib import Path

import pytest

from tortie.cli import run_command_line
from tortie.cli.errors import ExitCode
from tortie.store import Put
from tortie.store.open import open_driver
from tortie.store.schema import SCHEMA_KEY, SCHEMA_VERSION, Schema


def test_a_new_datastore_is_announced_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = f"sqlite://{tmp_path}/s.db"
    for expected in (f"created a new datastore at {tmp_path}/s.db\n", ""):
        assert run_command_line(["config", "set", "logLevel", "info", "--datastore", url], "tortie") == ExitCode.OK
        captured = capsys.readouterr()
        assert (captured.out, captured.err) == ("", expected)


@pytest.fixture
def url(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """Return the URL of a datastore with one setting."""
    url = f"sqlite://{tmp_path}/s.db"
    assert run_command_line(["config", "set", "logLevel", "info", "--datastore", url], "tortie") == ExitCode.OK
    capsys.readouterr()
    return url


def write_schema(url: str, version: int) -> None:
    async def write() -> None:
        driver = open_driver(url)
        await driver.transact([], [Put(SCHEMA_KEY, Schema(version).to_value())])
        await driver.close()

    asyncio.run(write())


def test_upgrade_says_what_it_would_do_and_does_it(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command_line(["datastore", "version", "--datastore", url], "tortie") == ExitCode.OK
    assert capsys.readouterr().out.startswith(
        "schema of the datastore: 0 (not recorded: no `tortie datastore upgrade` was run yet)"
    )
    assert run_command_line(["datastore", "upgrade", "--dry-run", "--datastore", url], "tortie") == ExitCode.OK
    assert capsys.readouterr().out.endswith("nothing was changed (--dry-run)\n")
    assert run_command_line(["datastore", "version", "-o", "json", "--datastore", url], "tortie") == ExitCode.OK
    assert json.loads(capsys.readouterr().out)["is_recorded"] is False
    assert run_command_line(["datastore", "upgrade", "--datastore", url], "tortie") == ExitCode.OK
    assert capsys.readouterr().out.endswith("the datastore has schema 1; 0 other records were rewritten\n")
    assert run_command_line(["datastore", "upgrade", "--datastore", url], "tortie") == ExitCode.OK
    assert capsys.readouterr().out == "nothing to do: the datastore has schema 1\n"
    assert run_command_line(["config", "get", "logLevel", "--datastore", url], "tortie") == ExitCode.OK


@pytest.mark.parametrize(
    "words", [["get", "nodes"], ["config", "set", "logLevel", "debug"], ["datastore", "upgrade"],
              ["datastore", "version"], ["ipam", "show"]],
)  # fmt: skip
def test_a_newer_schema_is_neither_read_nor_written(
    url: str, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    write_schema(url, SCHEMA_VERSION + 1)
    assert run_command_line([*words, "--datastore", url], "tortie") == ExitCode.FAILED
    assert "newer than 1, the newest that this tortie knows" in capsys.readouterr().err
