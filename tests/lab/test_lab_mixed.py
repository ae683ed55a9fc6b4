"""Lab `mixed`: BIRD, FRR and GoBGP as speakers of nodes beside ours, and reflectors of two makes: the whole walk."""

import asyncio
import os
from pathlib import Path

import pytest

from lab.lab_world import environment, lab_test
from tortie.lab.foreign.speakers import missing_speakers
from tortie.lab.topology import load_topology
from tortie.lab.walks import run_topology


@lab_test
@pytest.mark.rfc("4456", "8")
def test_mixed(tmp_path: Path) -> None:
    topology = load_topology("mixed")
    missing = [f"{item.reason}: {item.remedy}" for item in missing_speakers(topology)]
    if missing and not os.environ.get("CI"):
        pytest.skip("; ".join(missing))
    record = asyncio.run(run_topology(topology, lambda _: None, environment=environment(tmp_path)))
    assert [(step.title, step.expected, step.seen) for step in record.steps if not step.ok] == []
    assert list(tmp_path.iterdir()) == []
    data = {step.title: step.data for step in record.steps}
    outputs = {step.title: step.output for step in record.steps}
    for protocol in ("proto 77", "proto bird", "proto bgp"):
        assert protocol in outputs["The kernels still hold the same routes"]
    for title in ("Every container pings every other, again", "The reflector that runs BIRD 2 is killed"):
        sent = data[title]["sent"]
        assert isinstance(sent, int)
        assert (data[title]["lost"], sent > 0) == (0, True)
