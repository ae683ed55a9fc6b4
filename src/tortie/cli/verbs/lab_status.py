"""``tortie lab status``: the hosts, containers and processes of a lab."""

import click

from tortie.cli.options import TextOrJSON, lab_argument, text_or_json_option

__all__ = ["lab_status"]


@click.command
@lab_argument
@text_or_json_option
def lab_status(lab: str | None, output: str) -> None:
    """Show the processes and the containers of a lab.

    Without LAB of the one that is up.
    """
    import asyncio
    import json

    from tortie.cli.labs import status_data, status_text, the_lab
    from tortie.lab.status import lab_status as status_of

    status = asyncio.run(status_of(the_lab(lab)))
    if output == TextOrJSON.JSON:
        click.echo(json.dumps(status_data(status), indent=2))
    else:
        click.echo(status_text(status), nl=False)
