"""``tortie api``: the datastore over HTTP, as the document's `curl` lines expect it."""

from pathlib import Path

import click

from tortie.cli.options import datastore_option, path
from tortie.cli.verbs.api_token import api_token

__all__ = ["api"]


@click.group(invoke_without_command=True)
@click.option(
    "--listen",
    metavar="ADDRESS:PORT",
    default="127.0.0.1:2379",
    show_default=True,
    help="Where to listen; [ADDRESS]:PORT for IPv6, unix:/PATH for a socket that only its owner reaches.",
)
@click.option("--ca-cert", metavar="FILE", type=path(), help="PEM: the authority that signs clients.")
@click.option("--cert", metavar="FILE", type=path(), help="PEM: the server's certificate.")
@click.option("--key", metavar="FILE", type=path(), help="PEM: the server's key.")
@click.option(
    "--grant",
    "grants",
    metavar="ROLE=FIELD=VALUE",
    multiple=True,
    help="Which client certificates may write, by CN, OU, O or SAN, e.g. write=CN=admin; the others may read. May be "
    "given several times.",
)
@click.option("--tokens", metavar="FILE", type=path(), help="Take the bearer tokens of this file (`tortie api token`).")
@datastore_option
@click.pass_context
def api(
    context: click.Context,
    *,
    listen: str,
    ca_cert: Path | None,
    cert: Path | None,
    key: Path | None,
    grants: tuple[str, ...],
    tokens: Path | None,
    datastore: str | None,
) -> None:
    """Serve the datastore over HTTP until stopped.

    It answers etcd's v2 requests for the records of route reflectors. On loopback every user of this host may read and
    nobody may write; the owner of a unix socket may write. Where others reach it, it needs TLS (--cert, --key) and
    callers who show a certificate of --ca-cert or a bearer token. Each write is one line in the log, on standard error.
    SIGTERM or Ctrl-C stop it.

    \b
    tortie api --listen 10.10.31.190:2379 --ca-cert ca.pem --cert server.pem --key server-key.pem \\
      --grant write=CN=calicoctl
    curl --cacert ca.pem --cert client.pem --key client-key.pem -L \\
      https://10.10.31.190:2379/v2/keys/calico/bgp/v1/rr_v4/10.10.31.168 \\
      -XPUT -d value='{"ip":"10.10.31.168","cluster_id":"1.0.0.1"}'
    """
    if context.invoked_subcommand is not None:
        return
    from tortie.cli.api_serving import run_api

    run_api(listen=listen, ca_cert=ca_cert, cert=cert, key=key, grants=grants, tokens=tokens, datastore=datastore)


api.add_command(api_token)
