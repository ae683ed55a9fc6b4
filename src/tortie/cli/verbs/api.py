"""``tortie api``: the datastore over HTTP, as the document's `curl` lines expect it."""

import sys
from pathlib import Path

import click

from tortie.cli.errors import CommandFailed, ExitCode
from tortie.cli.options import datastore_option, path

__all__ = ["api"]


@click.command
@click.option(
    "--listen",
    metavar="ADDRESS:PORT",
    default="127.0.0.1:2379",
    show_default=True,
    help="Where to listen; [ADDRESS]:PORT for IPv6.",
)
@click.option("--ca-cert", metavar="FILE", type=path(), help="PEM: the authority that signs clients.")
@click.option("--cert", metavar="FILE", type=path(), help="PEM: the server's certificate.")
@click.option("--key", metavar="FILE", type=path(), help="PEM: the server's key.")
@click.option("--allow-anyone", is_flag=True, help="Listen beyond loopback without client certificates.")
@datastore_option
def api(
    *,
    listen: str,
    ca_cert: Path | None,
    cert: Path | None,
    key: Path | None,
    allow_anyone: bool,
    datastore: str | None,
) -> None:
    """Serve the datastore over HTTP until stopped.

    It answers etcd's v2 requests for the records of route reflectors. With --ca-cert, --cert and --key it is HTTPS, and
    whoever asks must show a certificate of that authority. SIGTERM or Ctrl-C stop it.
    Without them it listens on loopback only, and every user of this host may write reflectors' records.

    \b
    tortie api --listen 10.10.31.190:2379 --ca-cert ca.pem --cert server.pem --key server-key.pem
    curl --cacert ca.pem --cert client.pem --key client-key.pem -L \\
      https://10.10.31.190:2379/v2/keys/calico/bgp/v1/rr_v4/10.10.31.168 \\
      -XPUT -d value='{"ip":"10.10.31.168","cluster_id":"1.0.0.1"}'
    """
    from tortie.cli.addresses import address_and_port
    from tortie.cli.datastore import with_store
    from tortie.cli.running import watched
    from tortie.node.service_manager import ServiceManager
    from tortie.web import TLSFiles, serve_api

    try:
        address, port = address_and_port(listen)
    except ValueError as error:
        raise CommandFailed(f"--listen {listen}: {error}", ExitCode.USAGE) from error
    if any((ca_cert, cert, key)) and not all((ca_cert, cert, key)):
        raise CommandFailed("--ca-cert, --cert and --key are given together, or none of them", ExitCode.USAGE)
    tls = TLSFiles(ca_cert, cert, key) if ca_cert and cert and key else None
    scheme, host = "http" if tls is None else "https", listen.rpartition(":")[0]

    manager = ServiceManager()

    def say_ready(port: int) -> None:
        sys.stderr.write(f"listening on {scheme}://{host}:{port}\n")
        manager.ready(f"listening on {scheme}://{host}:{port}")

    with_store(
        datastore,
        lambda store: watched(manager, serve_api(store, address, port, tls, say_ready, may_be_open=allow_anyone)),
    )
