"""``tortie reflector run``: a route reflector, with a datastore or standing alone."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tortie.cli.errors import CommandFailed, ExitCode
from tortie.cli.options import datastore_option, path, place_options, reporting_options, secrets_option
from tortie.cli.watch_options import watch_options
from tortie.node.metrics_address import MetricsAddress

if TYPE_CHECKING:
    from tortie.speaker import WatchOptions  # for the reader of types only: --help must not import a speaker

__all__ = ["reflector_run"]


@click.command
@click.option(
    "--ip", envvar="IP", show_envvar=True, metavar="IPV4", help="With a datastore: its address and router id."
)
@click.option("--ip6", envvar="IP6", show_envvar=True, metavar="IPV6", help="With a datastore: its IPv6 address.")
@click.option("--listen", metavar="ADDRESS", help="Alone: the address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    metavar="PORT",
    default=179,
    show_default=True,
    help="Alone: TCP port; 0 takes a free one.",
)
@click.option("--as", "local_as", metavar="N", help="Alone: AS number, of the clients too.")
@click.option("--router-id", metavar="ID", help="Alone: router id. Default: the listen address.")
@click.option("--cluster-id", metavar="ID", help="Alone: cluster id. Default: the router id.")
@click.option(
    "--client-range",
    "client_ranges",
    metavar="CIDR",
    multiple=True,
    help="Alone: whoever connects from here is a client. May be given several times.",
)
@click.option(
    "--max-prefixes",
    type=click.IntRange(0, 0xFFFFFFFF),
    metavar="N",
    help="Alone: end the session of a client that announces more of a family than this, for 15 minutes.",
)
@click.option(
    "--password-file",
    metavar="FILE",
    type=path(),
    help="Alone: the TCP-MD5 password of all clients, mode 0600; another one is taken without a reset.",
)
@click.option(
    "--add-path",
    type=click.Choice(["off", "receive", "send", "both"]),
    help="Several paths a prefix (RFC 7911), as this end sees it. Default: off, or what the datastore says.",
)
@click.option("--config", metavar="FILE", type=path(), help="Alone: all of this and named peers, as YAML.")
@place_options
@secrets_option
@watch_options
@reporting_options
@datastore_option
def reflector_run(
    *,
    ip: str | None,
    ip6: str | None,
    listen: str | None,
    port: int,
    local_as: str | None,
    router_id: str | None,
    cluster_id: str | None,
    client_ranges: tuple[str, ...],
    max_prefixes: int | None,
    password_file: Path | None,
    add_path: str | None,
    config: Path | None,
    run_dir: Path | None,
    state_dir: Path | None,
    status_socket: Path | None,
    secrets_dir: Path | None,
    log_format: str | None,
    log_level: str,
    metrics: MetricsAddress | None,
    watch: "WatchOptions",
    datastore: str | None,
) -> None:
    """Run a route reflector until stopped.

    With a datastore it is told its own address by IP (and IP6) in its environment, and where etcd is by the document's
    ETCD_ENDPOINTS, ETCD_CA_CERT_FILE, ETCD_CERT_FILE and ETCD_KEY_FILE; its record rr_v4/IP and the peers that name it
    say the rest. Alone, options or a file say all, and any BGP speaker may be its client. `tortie
    reflector stop`, SIGTERM or Ctrl-C stop it.

    \b
    IP=10.10.31.168 tortie reflector run
    tortie reflector run --listen 10.10.31.168 --as 64512 --cluster-id 1.0.0.1 --client-range 10.0.0.0/8
    tortie reflector run --config reflector.yaml

    \b
    # reflector.yaml
    listen: {address: 10.10.31.168, port: 179}
    as: 64512
    router_id: 10.10.31.168          # default: the listen address
    cluster_id: 1.0.0.1              # default: the router id
    status_socket: /run/tortie/status.sock
    peers:
      - {range: 10.0.0.0/8, client: true}
      - {address: 192.0.2.9, as: 64999, port: 179, passive: false, hold_time: 90,
         import: all, export: all, accept_any_first_as: false, families: [ipv4, ipv6], restart_time: 120, add_path: off,
         max_prefixes: 10000, max_prefixes_warning: 80, max_prefixes_restart: 900,
         description: route server, password_file: /etc/tortie/secrets/edge, ttl_security: 1}
    """
    if listen is not None and config is not None:
        raise CommandFailed("reflector run: either --listen or --config, not both", ExitCode.USAGE)
    if config is not None and add_path is not None:
        raise CommandFailed("reflector run: --add-path stands in the file, a peer at a time (add_path)", ExitCode.USAGE)
    from tortie.cli.running import Reporting, socket_to_serve

    reporting = Reporting(log_format=log_format, log_level=log_level, metrics=metrics, watch=watch)
    if config is not None:
        from tortie.cli.standalone import run_from_file

        run_from_file(config, status_socket, run_dir, reporting)
    elif listen is not None:
        if local_as is None:
            raise CommandFailed("reflector run: --listen needs --as, the AS number", ExitCode.USAGE)
        from tortie.cli.standalone import run_from_options

        run_from_options(
            listen=listen,
            port=port,
            local_as=local_as,
            router_id=router_id,
            cluster_id=cluster_id,
            client_ranges=client_ranges,
            max_prefixes=max_prefixes,
            password_file=password_file,
            add_path=add_path or "off",
            status_socket=socket_to_serve(status_socket, run_dir),
            reporting=reporting,
        )
    elif ip is not None:
        from tortie.cli.datastore_agents import run_datastore_agent
        from tortie.fabric import ReflectorPlanner

        run_datastore_agent(
            role="reflector",
            name=ip,
            plan=ReflectorPlanner(ip, ip6 or None, add_path),
            datastore=datastore,
            run_directory=run_dir,
            state=state_dir,
            status_socket=status_socket,
            secrets_directory=secrets_dir,
            reporting=reporting,
        )
    else:
        raise CommandFailed(
            "reflector run: IP in the environment (with a datastore), --listen or --config says what to run",
            ExitCode.USAGE,
        )
