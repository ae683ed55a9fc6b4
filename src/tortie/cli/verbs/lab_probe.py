"""``tortie lab probe``: numbered datagrams between all containers of a lab, and what is lost of them."""

import sys

import click

from tortie.cli.options import TextOrJSON, duration, lab_argument, text_or_json_option

__all__ = ["lab_probe"]

RATES_HZ = click.FloatRange(0.1, 1000)
"""What the prober takes."""

RATE_HZ_DEFAULT = 100.0


@click.command
@lab_argument
@click.option(
    "--rate",
    "rate_hz",
    metavar="N",
    type=RATES_HZ,
    default=RATE_HZ_DEFAULT,
    show_default="100",
    help="Datagrams a second from each container to each other.",
)
@click.option(
    "--for",
    "time_s",
    metavar="TIME",
    callback=duration,
    default="10s",
    show_default=True,
    help="For how long, as 1m30s.",
)
@text_or_json_option
def lab_probe(lab: str | None, rate_hz: float, time_s: float, output: str) -> None:
    """Send datagrams between all containers and count what is lost.

    Every container sends numbered UDP datagrams to every other, one way, while you change or break something elsewhere.
    Without LAB of the one that is up. The pairs that lost some are listed, with the numbers of the first and the last
    one lost and the longest time that the pair was cut off. The exit code is 1 when anything was lost.

    \b
    tortie lab probe seed --rate 100 --for 30s
    """
    import asyncio
    import json

    from tortie.cli.errors import ExitCode
    from tortie.cli.labs import the_lab
    from tortie.cli.probes import is_clean, report_data, report_text
    from tortie.lab.probe import Probe

    found = the_lab(lab)
    report = asyncio.run(Probe(found).send_for(rate_hz, time_s))
    if output == TextOrJSON.JSON:
        click.echo(json.dumps(report_data(report), indent=2))
    else:
        click.echo(report_text(found.name, report), nl=False)
    sys.exit(ExitCode.OK if is_clean(report) else ExitCode.FAILED)
