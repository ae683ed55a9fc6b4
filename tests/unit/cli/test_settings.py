"""Where a command finds datastore and sockets."""

from pathlib import Path

import pytest

from tortie.cli.settings import datastore_url, run_directory, state_directory

HOME = {"HOME": "/home/ann"}

DATASTORE_ROWS = [
    ("given", "sqlite:///x.db", {"TORTIE_DATASTORE": "sqlite:///y.db"}, 0, "sqlite:///x.db"),
    ("environment", None, {"TORTIE_DATASTORE": "sqlite:///y.db"}, 0, "sqlite:///y.db"),
    ("etcd-by-the-document-s-variable", None, {**HOME, "ETCD_ENDPOINTS": "https://e:2379"}, 0, "etcd://"),
    ("ours-before-the-document-s", None, {"TORTIE_DATASTORE": "sqlite:///y.db", "ETCD_ENDPOINTS": "https://e"}, 0,
     "sqlite:///y.db"),
    ("root", None, HOME, 0, "sqlite:///var/lib/tortie/datastore.db"),
    ("user", None, HOME, 1000, "sqlite:///home/ann/.local/share/tortie/datastore.db"),
    ("xdg", None, {**HOME, "XDG_DATA_HOME": "/data"}, 1000, "sqlite:///data/tortie/datastore.db"),
    ("empty-etcd-counts-as-unset", None, {"ETCD_ENDPOINTS": ""}, 0, "sqlite:///var/lib/tortie/datastore.db"),
    ("empty-environment-counts-as-unset", None, {"TORTIE_DATASTORE": ""}, 0, "sqlite:///var/lib/tortie/datastore.db"),
]  # fmt: skip

RUN_ROWS = [
    ("environment", {"TORTIE_RUN_DIR": "/x"}, 0, "/x"),
    ("root", {}, 0, "/run/tortie"),
    ("user", {"XDG_RUNTIME_DIR": "/run/user/1000"}, 1000, "/run/user/1000/tortie"),
    ("user-without-xdg", {}, 1000, "/tmp/tortie-1000"),
]

STATE_ROWS = [
    ("run-dir-given", "/r", {"TORTIE_RUN_DIR": "/x"}, 0, "/r"),
    ("environment", None, {"TORTIE_RUN_DIR": "/x"}, 0, "/x"),
    ("root", None, {}, 0, "/var/lib/tortie"),
    ("user", None, HOME, 1000, "/home/ann/.local/share/tortie"),
]


@pytest.mark.parametrize(
    ("given", "environment", "user", "url"), [row[1:] for row in DATASTORE_ROWS], ids=[row[0] for row in DATASTORE_ROWS]
)
def test_datastore_url(given: str | None, environment: dict[str, str], user: int, url: str) -> None:
    assert datastore_url(given, environment, user) == url


@pytest.mark.parametrize(
    ("environment", "user", "expected"), [row[1:] for row in RUN_ROWS], ids=[row[0] for row in RUN_ROWS]
)
def test_run_directory(environment: dict[str, str], user: int, expected: str) -> None:
    assert run_directory(environment, user) == Path(expected)


@pytest.mark.parametrize(
    ("given", "environment", "user", "expected"), [row[1:] for row in STATE_ROWS], ids=[row[0] for row in STATE_ROWS]
)
def test_state_directory(given: str | None, environment: dict[str, str], user: int, expected: str) -> None:
    assert state_directory(None if given is None else Path(given), environment, user) == Path(expected)
