"""Inodes, and how a data file comes into being."""

from pathlib import Path

import pytest

from tortie.store import StoreUnavailable
from tortie.store.datafile import FileSet, create_file, look, set_aside_stale_log

TIMEOUT_S = 0.05


def fill(path: Path) -> None:
    path.write_text("content")


def test_nothing_there(tmp_path: Path) -> None:
    assert look(tmp_path / "s.db") == FileSet(None, None, None)


def test_another_file_by_the_same_name_differs(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    fill(path)
    before = look(path)
    path.rename(tmp_path / "old")
    fill(path)
    assert look(path) != before
    (tmp_path / "old").rename(path)
    assert look(path) == before


def test_a_new_file_is_complete_and_private(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    create_file(path, fill, TIMEOUT_S)
    assert path.read_text() == "content"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [found.name for found in tmp_path.iterdir()] == ["s.db"]


def test_an_existing_file_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    path.write_text("old")
    create_file(path, fill, TIMEOUT_S)
    assert path.read_text() == "old"


def test_the_log_of_a_removed_file_is_set_aside(tmp_path: Path) -> None:
    for name in ("s.db-wal", "s.db-shm", "s.db.new", "s.db.wal-set-aside-1"):
        (tmp_path / name).write_text(name)
    create_file(tmp_path / "s.db", fill, TIMEOUT_S)
    kept = {found.name: found.read_text() for found in tmp_path.iterdir()}
    assert kept == {
        "s.db": "content",
        "s.db.wal-set-aside-1": "s.db.wal-set-aside-1",
        "s.db.wal-set-aside-2": "s.db-wal",
    }


def test_a_failed_start_leaves_nothing(tmp_path: Path) -> None:
    def fail(path: Path) -> None:
        path.with_name(path.name + "-wal").touch()
        raise StoreUnavailable("no")

    with pytest.raises(StoreUnavailable, match="no"):
        create_file(tmp_path / "s.db", fail, TIMEOUT_S)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("is_same_data", "is_same_log", "is_kept"),
    [
        pytest.param(False, True, False, id="another file with the log of the old one"),
        pytest.param(False, False, True, id="another file with a log of its own"),
        pytest.param(True, True, True, id="the same file"),
        pytest.param(True, False, True, id="the same file with another log"),
    ],
)
def test_only_the_old_files_log_is_set_aside(
    tmp_path: Path, is_same_data: bool, is_same_log: bool, is_kept: bool
) -> None:
    path = tmp_path / "s.db"
    for name in ("s.db", "s.db-wal", "s.db-shm"):
        (tmp_path / name).write_text(name)
    now, other = look(path), (0, 0)
    seen = FileSet(
        now.data if is_same_data else other,
        now.log if is_same_log else other,
        now.index if is_same_log else other,
        now.log_stamp,
    )
    aside = set_aside_stale_log(path, seen, TIMEOUT_S, lambda _: True)
    assert (tmp_path / "s.db-wal").exists() == is_kept
    assert (tmp_path / "s.db-shm").exists() == is_kept
    assert path.exists()
    assert aside == (None if is_kept else tmp_path / "s.db.wal-set-aside-1")
    assert is_kept or (tmp_path / "s.db.wal-set-aside-1").read_text() == "s.db-wal"


@pytest.mark.parametrize("may_belong", [True, False])
def test_a_log_written_since_is_judged_by_its_content(tmp_path: Path, may_belong: bool) -> None:
    path = tmp_path / "s.db"
    for name in ("s.db", "s.db-wal"):
        (tmp_path / name).write_text(name)
    now = look(path)
    seen = FileSet((0, 0), now.log, None, (now.log_stamp[0], now.log_stamp[1] - 1))
    set_aside_stale_log(path, seen, TIMEOUT_S, lambda _: may_belong)
    assert (tmp_path / "s.db-wal").exists() == may_belong
    assert (tmp_path / "s.db.wal-set-aside-1").exists() != may_belong


def test_no_file_nothing_set_aside(tmp_path: Path) -> None:
    (tmp_path / "s.db-wal").touch()
    log = look(tmp_path / "s.db").log
    set_aside_stale_log(tmp_path / "s.db", FileSet((0, 0), log, None), TIMEOUT_S, lambda _: False)
    assert (tmp_path / "s.db-wal").exists()  # the file may come back, and then needs its log
