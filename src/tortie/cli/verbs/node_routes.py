"""``tortie node routes``: the paths that the agent of this host knows."""

from pathlib import Path

import click

from tortie.cli.options import routes_options

__all__ = ["node_routes"]


@click.command
@routes_options
def node_routes(
    *, prefixes: tuple[str, ...], family: str | None, mrt: Path | None, output: str, socket: Path | None
) -> None:
    """Show every path that the agent of this host knows.

    The best one of each prefix is marked; each other says why it is not used. With PREFIX only paths of these; an
    address stands for the longest known prefix that it is in.
    """
    from tortie.cli.asking import print_routes, write_mrt

    if mrt is not None:
        write_mrt(socket, mrt, "tortie node run", is_part=bool(prefixes) or family is not None)
        return
    print_routes(socket, output, family, prefixes, "tortie node run")
