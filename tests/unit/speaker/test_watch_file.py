"""Files that grow while a speaker runs: batches, former files, trouble with the disk."""

from pathlib import Path

import pytest

from support.loops import run, until
from tortie.speaker import watch_file
from tortie.speaker.watch_file import BATCH_BYTES_MAX, FORMER_FILES_MAX, WatchFile


def never(error: OSError) -> None:
    pytest.fail(f"nothing should go wrong: {error}")


def test_what_is_written_is_there_after_close_for_its_owner_only(tmp_path: Path) -> None:
    async def test() -> None:
        file = WatchFile(tmp_path / "w", never)
        file.write(b"one\n")
        file.write(b"two\n")
        assert (tmp_path / "w").read_bytes() == b""
        file.close()
        file.close()
        file.write(b"three\n")
        assert (tmp_path / "w").read_bytes() == b"one\ntwo\n"
        assert (tmp_path / "w").stat().st_mode & 0o777 == 0o600

    run(test())


def test_a_batch_is_written_when_it_is_full(tmp_path: Path) -> None:
    async def test() -> None:
        file = WatchFile(tmp_path / "w", never)
        file.write(bytes(BATCH_BYTES_MAX - 1))
        assert (tmp_path / "w").stat().st_size == 0
        file.write(b"x")
        assert (tmp_path / "w").stat().st_size == BATCH_BYTES_MAX
        file.close()

    run(test())


def test_a_batch_is_written_when_its_time_has_come(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch_file, "WRITE_PAUSE_S", 0.01)

    async def test() -> None:
        file = WatchFile(tmp_path / "w", never)
        file.write(b"x")
        await until(lambda: (tmp_path / "w").stat().st_size > 0)
        file.close()

    run(test())


def test_what_was_there_stays_under_another_name(tmp_path: Path) -> None:
    async def test() -> None:
        for number in range(FORMER_FILES_MAX + 3):
            file = WatchFile(tmp_path / "w", never)
            file.write(b"%d" % number)
            file.close()
        WatchFile(tmp_path / "w", never).close()
        WatchFile(tmp_path / "w", never).close()

    run(test())
    found = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    newest = FORMER_FILES_MAX + 2
    assert found == {"w": b"", **{f"w.{back + 1}": b"%d" % (newest - back) for back in range(FORMER_FILES_MAX)}}


@pytest.mark.parametrize(("bytes_max", "former"), [(8, b"12345678"), (7, b"1234")])
def test_a_long_file_makes_room_for_the_next(tmp_path: Path, bytes_max: int, former: bytes) -> None:
    async def test() -> None:
        file = WatchFile(tmp_path / "w", never, bytes_max=bytes_max)
        for piece in (b"1234", b"5678", b"9"):
            file.write(piece)
            file.flush()
        file.close()

    run(test())
    assert (tmp_path / "w.1").read_bytes() == former
    assert (tmp_path / "w").read_bytes() == b"123456789"[len(former) :]


def test_a_full_disk_is_reported_once_and_ends_the_writing() -> None:
    errors: list[OSError] = []

    async def test() -> None:
        file = WatchFile(Path("/dev/full"), errors.append)
        for _ in range(3):
            file.write(b"x")
            file.flush()
        assert file.is_failed
        file.close()

    run(test())
    assert [error.strerror for error in errors] == ["No space left on device"]


def test_a_file_that_cannot_be_made_is_an_error_at_once(tmp_path: Path) -> None:
    async def test() -> None:
        with pytest.raises(FileNotFoundError):
            WatchFile(tmp_path / "missing" / "w", never)

    run(test())
