"""``tortie sim``: stories of simulated networks, by seed."""

import click

from tortie.cli.errors import CommandFailed, ExitCode
from tortie.cli.options import TextOrJSON, text_or_json_option

__all__ = ["sim"]

ADDRESSES = "addresses"
SHAPE_NAMES = (
    "mesh", "one-reflector", "two-reflectors", "two-clusters", "racks", "hierarchy", "thousand", ADDRESSES
)  # fmt: skip
"""For help and completion: the shapes are in ``sim.shape``."""


@click.command
@click.option("--seed", type=click.IntRange(min=0), help="Tell the story of this seed.")
@click.option(
    "--seeds", metavar="FIRST-LAST", help="Run the stories of these seeds and name those that end badly, e.g. 0-999."
)
@click.option("--shape", type=click.Choice(SHAPE_NAMES), help="The network. Default: the seed chooses a small one.")
@text_or_json_option
def sim(*, seed: int | None, seeds: str | None, shape: str | None, output: str) -> None:
    """Run networks in memory under faults, and check what has become of them.

    The engines are those of the agents; time is virtual, and everything comes from the seed: the same seed tells the
    same story. The exit code is 1 if something is wrong in the end.

    \b
    tortie sim --seed 42
    tortie sim --seeds 0-999 --shape racks
    """
    from tortie.cli.story_view import run_many, tell_one

    is_json = output == TextOrJSON.JSON
    if (seed is None) == (seeds is None):
        raise CommandFailed("sim: one of --seed and --seeds says what to run", ExitCode.USAGE)
    is_well = (
        tell_one(seed, shape, is_json=is_json) if seed is not None else run_many(_range(seeds), shape, is_json=is_json)
    )
    if not is_well:
        raise click.exceptions.Exit(ExitCode.FAILED)


def _range(text: str | None) -> range:
    first, dash, last = (text or "").partition("-")
    if not (dash and first.isdigit() and last.isdigit() and int(first) <= int(last)):
        raise CommandFailed(f"--seeds {text}: expected FIRST-LAST, e.g. 0-999", ExitCode.USAGE)
    return range(int(first), int(last) + 1)
