"""Running the API: from the options of ``tortie api`` to a server.

What it is for: reading where, how and for whom. What it is NOT for: whether that is safe (``web.server``), tokens
(``verbs/api_token.py``). Imports HTTP, so only the verb that needs it imports this.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tortie.cli.addresses import address_and_port
from tortie.cli.datastore import utc_now, with_store
from tortie.cli.errors import CommandFailed, ExitCode
from tortie.cli.running import watched
from tortie.node.log import set_up_logs
from tortie.node.service_manager import ServiceManager
from tortie.web import Serving, TLSFiles, TokenFile, parse_grant, serve_api

__all__ = ["run_api"]

UNIX_SCHEME: Final = "unix:"


def run_api(
    *,
    listen: str,
    ca_cert: Path | None,
    cert: Path | None,
    key: Path | None,
    grants: Sequence[str],
    tokens: Path | None,
    datastore: str | None,
) -> None:
    """Serve until stopped; the arguments are the options of ``tortie api``."""
    serving = Serving(
        listen=_place(listen),
        tls=_tls(ca_cert, cert, key, has_tokens=tokens is not None),
        grants=[parse_grant(grant) for grant in grants],
        tokens=None if tokens is None else TokenFile(tokens),
        clock=utc_now,
    )
    scheme = "http" if serving.tls is None else "https"

    def say_ready(port: int) -> None:
        place = f"{scheme}://{listen.rpartition(':')[0]}:{port}" if port else listen
        sys.stderr.write(f"listening on {place}\n")
        manager.ready(f"listening on {place}")

    manager = ServiceManager()
    log = set_up_logs()
    with_store(datastore, lambda store: watched(manager, serve_api(store, serving, log, say_ready)))


def _place(listen: str) -> tuple[str, int] | Path:
    if listen.startswith(f"{UNIX_SCHEME}/"):
        return Path(listen.removeprefix(UNIX_SCHEME))
    try:
        return address_and_port(listen)
    except ValueError as error:
        raise CommandFailed(f"--listen {listen}: {error}, or unix:/PATH", ExitCode.USAGE) from error


def _tls(ca_cert: Path | None, cert: Path | None, key: Path | None, *, has_tokens: bool) -> TLSFiles | None:
    if (cert is None) != (key is None) or (ca_cert is not None and cert is None):
        raise CommandFailed("--cert and --key are given together, and --ca-cert only with them", ExitCode.USAGE)
    if cert is None or key is None:
        return None
    return TLSFiles(ca_cert, cert, key, are_clients_asked_only=has_tokens)
