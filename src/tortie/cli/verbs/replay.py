"""``tortie replay``: what an agent's recording says happened, again."""

from enum import StrEnum
from pathlib import Path

import click

from tortie.cli.options import choice, path

__all__ = ["replay"]


class Shown(StrEnum):
    """What `replay` prints besides its verdict."""

    OUTPUTS = "outputs"
    STATE = "state"


@click.command
@click.option("--until", type=click.IntRange(1), metavar="LINE", help="Stop after this line of the file.")
@click.option(
    "--show",
    "shown",
    type=choice(Shown),
    help="Print every output, or sessions and paths at the end, as lines of JSON; the verdict goes to standard error.",
)
@click.argument("file", type=path())
def replay(*, until: int | None, shown: str | None, file: Path) -> None:
    """Replay what an agent has recorded, and compare what comes out.

    A fresh speaker is given the inputs that the agent wrote down (--record). Ends with 1 where its outputs are not,
    byte for byte, those of the agent, and names the line from which on they differ. A recording that breaks off,
    because its agent was killed, is replayed as far as it goes.

    \b
    tortie reflector run --listen 10.10.31.168 --as 64512 --client-range 10.0.0.0/8 --record reflector.jsonl
    tortie replay reflector.jsonl
    tortie replay --until 1200 --show state reflector.jsonl
    """
    from tortie.cli.replaying import replay_file

    replay_file(file, until, shows_outputs=shown == Shown.OUTPUTS, shows_state=shown == Shown.STATE)
