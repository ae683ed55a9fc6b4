"""`ipam check -o` and `ipam release --from-report`: what two reports agree on, and nothing that changed since."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tortie.cli.app import run_command_line
from tortie.cli.errors import ExitCode
from tortie.ipam import assign_address, inspect, release_handle
from tortie.ipam.inspect import Inspection
from tortie.model import IPPool, WorkloadEndpoint
from tortie.store import ResourceStore, open_store

NOW = datetime(2026, 1, 1, tzinfo=UTC)
POOL = IPPool.from_data({"metadata": {"name": "pool"}, "spec": {"cidr": "10.0.0.0/28", "blockSize": 29}})


class World:
    """A datastore file, changed as agents do."""

    def __init__(self, url: str) -> None:
        self.url = url

    def take(self, *handles: str) -> list[str]:
        async def work() -> list[str]:
            store = open_store(self.url)
            addresses = [await assign_address(store, "n1", [POOL], handle, NOW) for handle in handles]
            await store.close()
            return addresses

        return asyncio.run(work())

    def give_back(self, handle: str) -> None:
        async def work() -> None:
            store = open_store(self.url)
            await release_handle(store, handle)
            await store.close()

        asyncio.run(work())

    def use(self, name: str, address: str) -> None:
        async def work() -> None:
            store = open_store(self.url)
            spec = {"node": "n1", "ipNetworks": [address]}
            endpoint = WorkloadEndpoint.from_data({"metadata": {"name": name}, "spec": spec})
            await ResourceStore(store, lambda: NOW).create(endpoint)
            await store.close()

        asyncio.run(work())

    def inspected(self) -> Inspection:
        async def work() -> Inspection:
            store = open_store(self.url)
            found = inspect((await ResourceStore(store, lambda: NOW).snapshot()).resources)
            await store.close()
            return found

        return asyncio.run(work())


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    url = f"sqlite://{tmp_path}/datastore.db"
    monkeypatch.setenv("TORTIE_DATASTORE", url)
    return World(url)


def run(*words: str) -> None:
    assert run_command_line(["ipam", *words], "tortie") == ExitCode.OK


def test_only_what_both_reports_call_leaked_and_nobody_uses_now_is_given_back(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gone, late, again, _ = world.take("gone", "late", "again", "moved")
    first, second = str(tmp_path / "1.json"), str(tmp_path / "2.json")
    run("check", "-o", first)
    world.give_back("moved")
    world.take("new")
    run("check", "-o", second)
    world.use("late", late)
    world.give_back("again")
    capsys.readouterr()
    run("release", "--from-report", first, "--from-report", second)
    assert capsys.readouterr().out == "Released 1 IPs; 2 skipped.\nReleased 0 handles; 0 skipped.\n"
    held = {each.ip: each.handle for each in world.inspected().allocations}
    assert gone not in held
    assert again not in held
    assert (held[late], set(held.values())) == ("late", {"late", "new"})


def test_one_report_is_believed_by_force_only(world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    world.take("gone")
    report = str(tmp_path / "1.json")
    run("check", "-o", report)
    words = ["ipam", "release", "--from-report", report]
    assert run_command_line([*words, "--from-report", report], "tortie") == ExitCode.USAGE
    assert "a single report is believed only with --force" in capsys.readouterr().err
    assert run_command_line([*words, "--force"], "tortie") == ExitCode.OK
    assert not world.inspected().allocations


def test_an_address_in_use_is_given_back_by_force_only(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    (address,) = world.take("h")
    world.use("w", address)
    assert run_command_line(["ipam", "release", "--ip", address], "tortie") == ExitCode.FAILED
    assert "is used by Workload(default/w)" in capsys.readouterr().err
    run("release", "--ip", address, "--force")
    assert not world.inspected().allocations
