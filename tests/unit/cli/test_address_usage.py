"""`ipam show`, on a datastore with one pool and one block in use."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from support.fabric import pool
from tortie.cli.app import run_command_line
from tortie.cli.errors import ExitCode
from tortie.ipam.block import assign, new_block
from tortie.store import ResourceStore, open_store

NOW = datetime(2026, 1, 1, tzinfo=UTC)

TABLE = """\
+----------+----------------+-----------+------------+-----------+
| GROUPING |      CIDR      | IPS TOTAL | IPS IN USE | IPS FREE  |
+----------+----------------+-----------+------------+-----------+
| IP Pool  | 192.168.0.0/24 | 256       | 2 (1%)     | 254 (99%) |
| Block    | 192.168.0.0/26 | 64        | 2 (3%)     | 62 (97%)  |
+----------+----------------+-----------+------------+-----------+
"""


@pytest.fixture(autouse=True)
def datastore(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A datastore file, named by the environment."""
    url = f"sqlite://{tmp_path}/datastore.db"
    monkeypatch.setenv("TORTIE_DATASTORE", url)

    async def fill() -> None:
        store = open_store(url)
        resources = ResourceStore(store, lambda: NOW)
        await resources.create(pool("default", "192.168.0.0/24"))
        block = new_block("192.168.0.0/26", "n1", NOW)
        for handle in ("one", "two"):
            block, _ = assign(block, handle, "n1", NOW)
        await resources.create(block)
        await store.close()

    asyncio.run(fill())


def shown(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert run_command_line(["ipam", "show", *words], "tortie") == ExitCode.OK
    output = capsys.readouterr()
    assert output.err == ""
    return output.out


def test_pools_and_blocks(capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(capsys, "--show-blocks") == TABLE
    assert shown(capsys) == "".join(line for line in TABLE.splitlines(keepends=True) if "Block" not in line)


def test_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    (only,) = json.loads(shown(capsys, "-o", "json"))
    assert only == {
        "cidr": "192.168.0.0/24",
        "total_count": 256,
        "in_use_count": 2,
        "free_count": 254,
        "is_block": False,
        "affinity": None,
    }
    answer = json.loads(shown(capsys, "--ip", "192.168.0.1", "-o", "json"))
    assert (answer["ip"], answer["holder"]["handle"]) == ("192.168.0.1", "two")
    assert json.loads(shown(capsys, "--ip", "192.168.0.2", "-o", "json")) == {"ip": "192.168.0.2", "holder": None}


def test_one_address(capsys: pytest.CaptureFixture[str]) -> None:
    attributes = "  node: n1\n  timestamp: 2026-01-01T00:00:00Z\n"
    assert shown(capsys, "--ip=192.168.0.1") == f"IP 192.168.0.1 is in use\nHandle: two\nAttributes:\n{attributes}"
    assert shown(capsys, "--ip=192.168.0.2") == "192.168.0.2 is not assigned\n"


def test_no_address(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command_line(["ipam", "show", "--ip=192.168.0.300"], "tortie") == ExitCode.FAILED
    assert capsys.readouterr().err == "--ip: '192.168.0.300': expected an IP address\n"
