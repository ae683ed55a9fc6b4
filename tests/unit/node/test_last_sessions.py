"""Which sessions were up, on disk."""

from pathlib import Path

import pytest

from tortie.bgp.engine import PeerKey
from tortie.node.last_sessions import LastSessions, load_last_sessions

KEYS = frozenset({PeerKey("", "10.0.0.2", 179), PeerKey("10.0.0.1", "fd00::2", 1790)})


def fail(error: OSError) -> None:
    raise error


def test_what_is_written_is_read(tmp_path: Path) -> None:
    file = tmp_path / "state" / "x.sessions.json"
    LastSessions(file, lambda: KEYS, fail).write()
    assert load_last_sessions(file) == KEYS
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.parametrize(
    "text", [None, "", "{}", "[1]", '[["10.0.0.1", "10.0.0.2"]]', '[["a", "b", "179"]]', "[" * 100_000], ids=range(7)
)
def test_what_cannot_be_read_is_not_known(tmp_path: Path, text: str | None) -> None:
    file = tmp_path / "x.sessions.json"
    if text is not None:
        file.write_text(text)
    assert load_last_sessions(file) is None


def test_what_cannot_be_written_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    errors: list[OSError] = []
    LastSessions(tmp_path / "file" / "x.sessions.json", lambda: KEYS, errors.append).write()
    assert [type(error) for error in errors] == [FileExistsError]


def test_what_was_written_stays_while_nobody_knows_better(tmp_path: Path) -> None:
    file = tmp_path / "x.sessions.json"
    LastSessions(file, lambda: KEYS, fail).write()
    LastSessions(file, lambda: None, fail).write()
    assert load_last_sessions(file) == KEYS
