"""``tortie lab down``: take a lab down."""

import click

from tortie.cli.options import lab_argument

__all__ = ["lab_down"]


@click.command
@lab_argument
def lab_down(lab: str | None) -> None:
    """Take a lab down: every process, namespace and file of it.

    Without LAB the one that is up.
    """
    import asyncio

    from tortie.cli.labs import the_lab
    from tortie.lab.errors import LabNotRunning
    from tortie.lab.lifecycle import down

    name = lab or the_lab(None).name
    if not asyncio.run(down(name)):
        raise LabNotRunning(name, [])
    click.echo(f"lab '{name}' is down")
