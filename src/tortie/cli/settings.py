"""Where a command finds the datastore and the sockets of running agents.

What it is for: one rule for the default of each, the same for every verb. What it is NOT for: opening anything.

| what | option, then environment | default for root | default for anyone else |
|---|---|---|---|
| datastore | --datastore, TORTIE_DATASTORE | /var/lib/tortie/datastore.db (sqlite) | the same below $XDG_DATA_HOME |
| sockets | TORTIE_RUN_DIR | /run/tortie | $XDG_RUNTIME_DIR/tortie, else /tmp/tortie-<uid> |
| last good intent | --state-dir, --run-dir, TORTIE_RUN_DIR | /var/lib/tortie | $XDG_DATA_HOME/tortie |

The datastore is etcd where ETCD_ENDPOINTS, or else /etc/calico/calicoctl.cfg, says so.
A datastore URL names its file after ``sqlite://``: ``sqlite:///var/lib/x.db`` is the file ``/var/lib/x.db``.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

__all__ = ["DATASTORE_VARIABLE", "RUN_DIRECTORY_VARIABLE", "datastore_url", "run_directory", "state_directory"]

DATASTORE_VARIABLE: Final = "TORTIE_DATASTORE"
RUN_DIRECTORY_VARIABLE: Final = "TORTIE_RUN_DIR"
ROOT_DATA_DIRECTORY: Final = Path("/var/lib/tortie")
ROOT_RUN_DIRECTORY: Final = Path("/run/tortie")
DATASTORE_FILE_NAME: Final = "datastore.db"
ETCD_URL: Final = "etcd://"
"""etcd, wherever the document's variables or calicoctl's file say."""


def datastore_url(given: str | None, environment: Mapping[str, str] = os.environ, user_id: int | None = None) -> str:
    """Return the URL of the datastore: what was given, else etcd if the environment says so, else the default file.

    Args:
        given: value of --datastore, or None.
        environment: environment variables.
        user_id: numeric id of the user, by default of this process; 0 is root.

    Raises:
        InvalidRequest: what names etcd cannot be understood.
    """
    url = given or environment.get(DATASTORE_VARIABLE)
    if url:
        return url
    from tortie.store.etcd_settings import names_etcd

    if names_etcd(environment):
        return ETCD_URL
    return f"sqlite://{_data_directory(environment, _user_id(user_id)) / DATASTORE_FILE_NAME}"


def run_directory(environment: Mapping[str, str] = os.environ, user_id: int | None = None) -> Path:
    """Return the directory of the agents' sockets; it need not exist."""
    given = environment.get(RUN_DIRECTORY_VARIABLE)
    if given:
        return Path(given)
    if _user_id(user_id) == 0:
        return ROOT_RUN_DIRECTORY
    runtime = environment.get("XDG_RUNTIME_DIR")
    return Path(runtime) / "tortie" if runtime else Path(f"/tmp/tortie-{_user_id(user_id)}")


def state_directory(
    run_directory_given: Path | None, environment: Mapping[str, str] = os.environ, user_id: int | None = None
) -> Path:
    """Return where an agent keeps what it must know after a restart.

    Args:
        run_directory_given: value of --run-dir or None; an agent with a run directory of its own keeps all there.
        environment: environment variables.
        user_id: numeric id of the user, by default of this process; 0 is root.
    """
    if run_directory_given is not None:
        return run_directory_given
    given = environment.get(RUN_DIRECTORY_VARIABLE)
    return Path(given) if given else _data_directory(environment, _user_id(user_id))


def _data_directory(environment: Mapping[str, str], user_id: int) -> Path:
    if user_id == 0:
        return ROOT_DATA_DIRECTORY
    home = environment.get("HOME", "/")
    return Path(environment.get("XDG_DATA_HOME") or f"{home}/.local/share") / "tortie"


def _user_id(given: int | None) -> int:
    return os.geteuid() if given is None else given
