"""Showing simulated stories: one in full, or many with those that end badly.

What it is NOT for: the stories (``sim.story``, ``sim.address_story``).
"""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Final

import click

from tortie.sim import Ending, tell, tell_addresses

__all__ = ["run_many", "tell_one"]

ADDRESSES: Final = "addresses"


def tell_one(seed: int, shape: str | None, *, is_json: bool) -> bool:
    """Print the story of a seed; return whether it ends well."""
    ending = _ending(seed, shape)
    if is_json:
        click.echo(json.dumps(asdict(ending), indent=2))
    else:
        click.echo(f"seed {seed}: {ending.shape}")
        for step in ending.steps:
            click.echo(step)
        _verdict(ending)
    return not ending.problems


def run_many(seeds: Sequence[int], shape: str | None, *, is_json: bool) -> bool:
    """Run stories, print what is wrong with which; return whether all end well."""
    bad: list[Ending] = []
    with click.progressbar(seeds, label="seeds", file=sys.stderr, hidden=not sys.stderr.isatty()) as shown:
        for seed in shown:
            ending = _ending(seed, shape)
            if ending.problems:
                bad.append(ending)
                if not is_json:
                    _verdict(ending)
    if is_json:
        found = [{"seed": each.seed, "shape": each.shape, "problems": each.problems} for each in bad]
        click.echo(json.dumps({"seed_count": len(seeds), "bad": found}, indent=2))
    else:
        click.echo(f"{len(seeds)} seeds, {len(bad)} end badly")
    return not bad


def _ending(seed: int, shape: str | None) -> Ending:
    return tell_addresses(seed) if shape == ADDRESSES else tell(seed, shape)


def _verdict(ending: Ending) -> None:
    for problem in ending.problems:
        click.echo(f"seed {ending.seed}, {ending.shape}: {problem}")
    if not ending.problems:
        click.echo(f"seed {ending.seed}, {ending.shape}: all is well")
