"""``tortie node diags``: what may be wrong on this host, in one file to send."""

from pathlib import Path

import click

from tortie.cli.options import path, socket_option

__all__ = ["node_diags"]


@click.command
@click.option(
    "--log-dir",
    metavar="DIRECTORY",
    type=path(),
    default="/var/log/tortie",
    show_default=True,
    help="A folder with logs to take along, if it is there.",
)
@click.option(
    "--output",
    "-o",
    metavar="FILE",
    type=path(),
    default="tortie-diags.tar.gz",
    show_default=True,
    help="What to write.",
)
@socket_option
def node_diags(*, log_dir: Path, output: Path, socket: Path | None) -> None:
    """Collect what may explain a fault of this host in one archive.

    It takes the agent's status and routes, the kernel's network state, and logs. What cannot be had is noted in its
    place. The archive is readable by its owner only. It holds addresses and names of this network, and no passwords.

    \b
    tortie node diags -o kube-node1.tar.gz
    """
    from tortie.cli.diagnostics import collect, write_archive

    parts = collect(socket, log_dir)
    write_archive(output, parts)
    click.echo(f"Diags saved to {output} ({len(parts)} files)")
