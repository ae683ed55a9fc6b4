"""Running a reflector that stands alone.

What it is for: from the options of ``tortie reflector run`` to a running process. What it is NOT for: reading
configuration (``node.standalone``). Neither this module nor what it imports knows pydantic, HTTP or rich; a test sees
to that.
"""

from collections.abc import Sequence
from pathlib import Path

from tortie.cli.running import Reporting, jitter, run_until_stopped, socket_to_serve
from tortie.node.privileges import REFLECTOR_CAPABILITIES
from tortie.node.standalone import StandaloneConfig, client_ranges_config, load_standalone
from tortie.node.standalone_reflector import StandaloneReflector

__all__ = ["run_from_file", "run_from_options"]


def run_from_options(
    *,
    listen: str,
    port: int,
    local_as: str,
    router_id: str | None,
    cluster_id: str | None,
    client_ranges: Sequence[str],
    max_prefixes: int | None,
    password_file: Path | None,
    add_path: str,
    status_socket: Path,
    reporting: Reporting,
) -> None:
    """Run a reflector for clients in ranges of addresses; raises as `client_ranges_config` and the reflector do."""
    config = client_ranges_config(
        listen=listen,
        port=port,
        local_as=local_as,
        router_id=router_id,
        cluster_id=cluster_id,
        client_ranges=client_ranges,
        max_prefixes=max_prefixes,
        password_file=None if password_file is None else password_file.absolute(),
        add_path=add_path,
    )
    _run(config, status_socket, reporting)


def run_from_file(file: Path, status_socket: Path | None, run_directory: Path | None, reporting: Reporting) -> None:
    """Run a reflector as a file says; the command line's status socket goes before the file's."""
    config = load_standalone(file.read_text(encoding="utf-8", errors="replace"), str(file))
    _run(config, socket_to_serve(status_socket or config.status_socket, run_directory), reporting)


def _run(config: StandaloneConfig, status_socket: Path, reporting: Reporting) -> None:
    log = reporting.log()
    metrics, watch = reporting.metrics, reporting.watch
    run_until_stopped(
        lambda: StandaloneReflector(config, status_socket, log, jitter(), metrics, watch=watch),
        log,
        REFLECTOR_CAPABILITIES,
    )
