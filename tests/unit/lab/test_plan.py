"""What the holder and the prober are told, through JSON and back."""

import pytest

from tortie.lab.commands import COMMANDS, process_plans
from tortie.lab.errors import LabError
from tortie.lab.plan import (
    HolderPlan,
    ProbeTarget,
    ProbeTargets,
    plan_from_json,
    plan_to_json,
    targets_from_json,
    targets_to_json,
)
from tortie.lab.topology import load_topology
from tortie.lab.wiring import wire

SEED = load_topology("seed")


def test_a_plan_survives_json() -> None:
    plan = HolderPlan(
        name="seed",
        wiring=wire(SEED, {item.name: ("192.168.0.1/32",) for item in SEED.containers}),
        processes=process_plans(SEED, {}, COMMANDS),
    )
    assert plan_from_json(plan_to_json(plan)) == plan


def test_targets_survive_json() -> None:
    targets = ProbeTargets(targets=(ProbeTarget(name="a", network="/proc/1/fd/3", addresses=("10.0.0.1", "fd00::1")),))
    assert targets_from_json(targets_to_json(targets)) == targets


@pytest.mark.parametrize("data", [b"", b"{}", b'{"name": 7}'])
def test_what_is_no_plan_is_refused(data: bytes) -> None:
    with pytest.raises(LabError, match="plan cannot be read"):
        plan_from_json(data)
    with pytest.raises(LabError, match="targets cannot be read"):
        targets_from_json(data)
