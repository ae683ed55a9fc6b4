"""Where labs' state lies, which labs live, and what is left of dead ones."""

import asyncio
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tortie.lab.errors import LabError, LabNotRunning
from tortie.lab.lifecycle import sweep
from tortie.lab.namespaces import NamespaceSet
from tortie.lab.paths import LabDirectory
from tortie.lab.state import (
    LabState,
    ProcessIdentity,
    base_directories,
    base_directory,
    find_running,
    identify,
    is_alive,
    is_same_folder,
    locked,
    read_state,
    remove_directory,
    running_labs,
    try_lock,
    write_state,
)
from tortie.lab.topology import load_topology
from tortie.lab.wiring import wire

USER = os.geteuid()
MYSELF = identify(os.getpid())
SEED = load_topology("seed")
WIRING = wire(SEED, {item.name: ("192.168.0.1/32",) for item in SEED.containers})


def state_of(name: str, unshare: ProcessIdentity, holder: ProcessIdentity | None) -> LabState:
    return LabState(
        name=name,
        topology=SEED,
        unshare=unshare,
        holder=holder,
        has_user_namespace=True,
        wiring=WIRING,
        namespaces={"a": NamespaceSet(3, 4, 5), "a-c1": NamespaceSet(6, 7, None)},
        remarks=("something",),
    )


@pytest.mark.parametrize(
    ("variables", "user", "expected"),
    [
        pytest.param({"TORTIE_LAB_DIR": "/x/y", "HOME": "/root"}, 0, ["/x/y"], id="own choice alone"),
        pytest.param({"HOME": "/root"}, 0, ["/run/tortie-lab", "/root/.cache/tortie-lab"], id="root"),
        pytest.param({"HOME": "/home/a"}, 7, ["/home/a/.cache/tortie-lab"], id="ordinary"),
        pytest.param({"HOME": "/home/a", "XDG_CACHE_HOME": "/c"}, 7, ["/c/tortie-lab"], id="own cache"),
        pytest.param({"XDG_RUNTIME_DIR": "/nowhere", "HOME": "/h"}, 7, ["/h/.cache/tortie-lab"], id="no such folder"),
        pytest.param({}, 7, [], id="nothing"),
    ],
)
def test_places(variables: dict[str, str], user: int, expected: list[str]) -> None:
    assert [str(path) for path in base_directories(variables, user)] == expected


def test_the_runtime_folder_is_preferred_where_it_is_ones_own(tmp_path: Path) -> None:
    variables = {"XDG_RUNTIME_DIR": str(tmp_path), "HOME": "/home/a"}
    assert base_directories(variables, USER)[0] == tmp_path / "tortie-lab"
    assert tmp_path / "tortie-lab" not in base_directories(variables, USER + 1)


def test_the_base_directory_is_made_for_nobody_else(tmp_path: Path) -> None:
    base = base_directory({"TORTIE_LAB_DIR": str(tmp_path / "a" / "b")}, USER)
    assert stat.S_IMODE(base.stat().st_mode) == 0o700
    base.chmod(0o755)
    base_directory({"TORTIE_LAB_DIR": str(base)}, USER)
    assert stat.S_IMODE(base.stat().st_mode) == 0o700


def test_a_base_directory_that_is_a_file_or_nowhere_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LabError, match="file"):
        base_directory({"TORTIE_LAB_DIR": str(tmp_path / "file")}, USER)
    with pytest.raises(LabError, match="no place for the lab's state"):
        base_directory({}, 7)


def test_state_survives_the_disk(tmp_path: Path) -> None:
    assert MYSELF is not None
    directory = LabDirectory(tmp_path)
    state = state_of("seed", MYSELF, None)
    write_state(directory, state)
    assert read_state(directory) == state
    assert [path.name for path in tmp_path.iterdir()] == ["state.json"]


@pytest.mark.parametrize("text", ["", "{", "{}", '{"name": "seed"}'], ids=["empty", "broken", "bare", "partial"])
def test_unreadable_state_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "state.json").write_text(text)
    assert read_state(LabDirectory(tmp_path)) is None
    assert read_state(LabDirectory(tmp_path / "nowhere")) is None


def test_a_process_is_known_by_pid_and_start() -> None:
    assert MYSELF is not None
    assert is_alive(MYSELF)
    assert not is_alive(ProcessIdentity(pid=MYSELF.pid, start_ticks=MYSELF.start_ticks + 1)), "a reused pid"
    assert not is_alive(None)


def test_a_zombie_does_not_live() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    try:
        assert identify(child.pid) is None
    finally:
        child.wait()
    assert identify(child.pid) is None


def test_only_labs_that_live_are_found(tmp_path: Path) -> None:
    assert MYSELF is not None
    dead = ProcessIdentity(pid=MYSELF.pid, start_ticks=MYSELF.start_ticks + 1)
    for name, unshare, holder in (
        ("alive", MYSELF, MYSELF),
        ("dead-holder", MYSELF, dead),
        ("dead-unshare", dead, MYSELF),
        ("raising", MYSELF, None),
    ):
        (tmp_path / name).mkdir()
        write_state(LabDirectory(tmp_path / name), state_of(name, unshare, holder))
    (tmp_path / "empty").mkdir()
    variables = {"TORTIE_LAB_DIR": str(tmp_path)}
    assert [state.name for _, state in running_labs(variables, USER)] == ["alive"]
    assert find_running("alive", variables, USER)[0].root == tmp_path / "alive"
    with pytest.raises(LabNotRunning, match=r"lab 'raising' is not up \(up are: alive\)"):
        find_running("raising", variables, USER)
    with pytest.raises(LabNotRunning, match="no lab is up"):
        find_running("alive", {"TORTIE_LAB_DIR": str(tmp_path / "nowhere")}, USER)


@pytest.mark.parametrize("was_there", [True, False])
def test_removing_the_last_lab_removes_the_base_that_was_made_for_it(tmp_path: Path, was_there: bool) -> None:
    base = tmp_path / "base"
    if was_there:
        base.mkdir()
    assert base_directory({"TORTIE_LAB_DIR": str(base)}, USER) == base
    for name in ("a", "b"):
        (base / name / "deep").mkdir(parents=True)
    remove_directory(LabDirectory(base / "a"))
    assert base.is_dir()
    remove_directory(LabDirectory(base / "b"))
    assert base.exists() == was_there
    remove_directory(LabDirectory(base / "b"))


def test_what_is_no_labs_folder_is_told_apart(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "own" / "pictures").mkdir(parents=True)
    (tmp_path / "empty").mkdir()
    (tmp_path / "lab" / "shared").mkdir(parents=True)
    found = {path.name: LabDirectory(path).is_a_labs for path in tmp_path.iterdir()}
    assert found == {"file": False, "own": False, "empty": True, "lab": True}
    assert sorted(sweep({"TORTIE_LAB_DIR": str(tmp_path)})) == ["empty", "lab"]
    assert (tmp_path / "own" / "pictures").is_dir()
    assert (tmp_path / "file").exists()


def test_one_at_a_time_holds_the_lock(tmp_path: Path) -> None:
    with try_lock(tmp_path / "base") as first, try_lock(tmp_path / "base") as second:
        assert (first, second) == (True, False)
    with try_lock(tmp_path / "base") as again:
        assert again


def test_a_lock_on_a_folder_that_was_removed_meanwhile_is_none(tmp_path: Path) -> None:
    base = tmp_path / "base"
    base.mkdir()
    descriptor = os.open(base, os.O_RDONLY)
    try:
        base.rmdir()
        base.mkdir()
        assert not is_same_folder(base, descriptor)
    finally:
        os.close(descriptor)


def test_waiting_for_the_lock_ends_when_it_is_free(tmp_path: Path) -> None:
    base = tmp_path / "base"
    order: list[str] = []

    async def first(has_it: asyncio.Event) -> None:
        async with locked(base):
            has_it.set()
            await asyncio.sleep(0)
            order.append("first")

    async def second(has_it: asyncio.Event) -> None:
        await has_it.wait()
        async with locked(base):
            order.append("second")

    async def both() -> None:
        has_it = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(first(has_it))
            group.create_task(second(has_it))

    asyncio.run(both())
    assert order == ["first", "second"]


def test_the_lock_is_let_go_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(LabError), try_lock(tmp_path / "base"):
        raise LabError("x")
    with try_lock(tmp_path / "base") as is_held:
        assert is_held
