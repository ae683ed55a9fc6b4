"""Racks with the real agents: the whole walk, with the cluster ids that were meant and with those that are printed."""

import asyncio
from pathlib import Path

import pytest

from lab.lab_world import environment, lab_test
from tortie.lab.racks import Racks
from tortie.lab.topology import load_topology
from tortie.lab.walks import run_topology


def walked(name: str, folder: Path) -> dict[str, dict[str, object]]:
    """Walk, see that nothing was missed and nothing is left, and return the steps' data by title."""
    record = asyncio.run(run_topology(load_topology(name), lambda _: None, environment=environment(folder)))
    assert [(step.title, step.expected, step.seen) for step in record.steps if not step.ok] == []
    assert list(folder.iterdir()) == []
    return {step.title: step.data for step in record.steps}


def addresses(name: str, *hosts: str) -> set[str | None]:
    topology = load_topology(name)
    return {topology.host(host).address(4) for host in hosts}


@lab_test
@pytest.mark.rfc("4456", "7")
@pytest.mark.rfc("4456", "8")
def test_racks(tmp_path: Path) -> None:
    data = walked("racks", tmp_path)
    assert len(data) == 13  # by title: reflectors come back twice
    sessions = data["Sessions"]["sessions"]
    assert isinstance(sessions, dict)
    assert set(sessions["rr3"]) == addresses("racks", "router2", "n4", "n5", "n6", "rr1", "rr2", "rr4", "rr5", "rr6")
    assert set(sessions["n9"]) == addresses("racks", "rr5", "rr6")
    assert data["Every container pings every other"] == {"pairs": 90, "silent": []}
    assert data["In one LAN"]["hops"] == ["n1", "n2"]
    assert data["From rack to rack, hop by hop"]["hops"] == ["n1", "router1", "router2", "n4"]
    reflected = data["A route that was reflected twice"]["path"]
    assert isinstance(reflected, dict)
    assert (reflected["originator_id"], reflected["cluster_list"]) == ("10.2.0.21", ["1.0.0.1", "1.0.0.2"])
    loop = data["A loop is cut"]["path"]
    assert isinstance(loop, dict)
    assert (loop["cluster_list"], loop["best"], loop["peer"]) == (["1.0.0.1"], False, "10.1.0.12")
    assert loop["reason"] == "own cluster id in CLUSTER_LIST"
    sent = data["One reflector is killed"]["sent"]
    assert isinstance(sent, int)
    assert (data["One reflector is killed"]["lost"], sent >= 20 * 90) == (0, True)
    assert data["One of another rack is killed as well"]["lost"] == 0
    silent = data["Both reflectors of a rack are stopped"]["silent"]
    assert isinstance(silent, list)
    assert len(silent) == 58


@lab_test
@pytest.mark.rfc("4456", "8")
def test_racks_with_the_ids_as_printed(tmp_path: Path) -> None:
    """Calculated on paper and seen in the kernel: the same pairs of containers are cut off."""
    data = walked("racks-as-printed", tmp_path)
    racks = Racks(load_topology("racks-as-printed"))
    sessions = data["Sessions"]["sessions"]
    assert isinstance(sessions, dict)
    assert set(sessions["rr6"]) == addresses("racks-as-printed", "router3", "n7", "n8", "n9")
    for stopped, count in (("rr3", 18), ("rr5", 42)):
        silent = data[f"One reflector stops: {stopped}"]["silent"]
        assert silent == sorted(map(list, racks.silent(frozenset((stopped,)))))
        assert len(silent) == count
