"""``tortie lab down``: take a lab down."""

import click

from tortie.cli.options import lab_argument

__all__ = ["lab_down"]


@click.command
@lab_argument
def lab_down(lab: str | None) -> None:
    """Take a lab down: every process, namespace and file of it.

    Without LAB the one that is up. A lab that is not up is no error: nothing is left to do.
    """
    import asyncio

    from tortie.cli.labs import the_lab
    from tortie.lab.lifecycle import down

    name = lab or the_lab(None).name
    was_up = asyncio.run(down(name))
    click.echo(f"lab '{name}' is down" if was_up else f"lab '{name}' was not up")
