"""Stories from seeds: after any faults every network knows what a full mesh would; and the checks find what is broken.

More seeds: `tortie sim --seeds 0-9999`; the story of one: `tortie sim --seed N`.
"""

import pytest

from simulation.mutations import MUTATIONS
from tortie.sim import SHAPES, tell, tell_addresses
from tortie.sim.story import SHAPES_OF_SEEDS

SEEDS = range(100)
ADDRESS_SEEDS = range(60)
SEEDS_UNTIL_CAUGHT = 60


@pytest.mark.parametrize("seed", SEEDS)
def test_all_ends_well(seed: int) -> None:
    ending = tell(seed)
    assert ending.problems == (), f"tortie sim --seed {seed} tells the story"


def test_the_seeds_come_by_every_shape() -> None:
    assert {tell(seed, step_count=0).shape.replace(" ", "-") for seed in range(40)} == set(SHAPES_OF_SEEDS)


@pytest.mark.all
def test_a_thousand_nodes_and_four_reflectors() -> None:
    assert "thousand" in SHAPES
    assert tell(0, "thousand", step_count=8).problems == ()


@pytest.mark.parametrize("seed", ADDRESS_SEEDS)
def test_no_address_is_given_out_twice(seed: int) -> None:
    ending = tell_addresses(seed)
    assert ending.problems == (), f"tortie sim --seed {seed} --shape addresses tells the story"


@pytest.mark.parametrize("seed", [3, 5])
def test_the_same_seed_tells_the_same_story(seed: int) -> None:
    first, second = tell(seed), tell(seed)
    assert first == second
    assert len(first.trace) > len(first.steps)


def test_another_seed_tells_another_story() -> None:
    assert tell(1).trace != tell(2).trace


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_broken_engine_is_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    MUTATIONS[name](monkeypatch)
    assert any(is_caught(seed) for seed in range(SEEDS_UNTIL_CAUGHT))


def is_caught(seed: int) -> bool:
    """Whether the checks, or an assertion of the engine itself, find something."""
    try:
        return bool(tell(seed).problems)
    except AssertionError:
        return True
