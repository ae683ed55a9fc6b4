"""The command line that runs something on a host."""

from pathlib import Path

import pytest

from tortie.lab.errors import UnknownTarget
from tortie.lab.execute import exec_arguments
from tortie.lab.lifecycle import Lab
from tortie.lab.namespaces import NamespaceSet
from tortie.lab.paths import LabDirectory
from tortie.lab.state import LabState, ProcessIdentity
from tortie.lab.topology import load_topology
from tortie.lab.wiring import Wiring


def lab(*, has_user_namespace: bool) -> Lab:
    process = ProcessIdentity(pid=42, start_ticks=7)
    state = LabState(
        name="seed",
        topology=load_topology("seed"),
        unshare=process,
        holder=process,
        has_user_namespace=has_user_namespace,
        wiring=Wiring(bridges=(), hosts=(), containers=()),
        namespaces={"a": NamespaceSet(3, 4, 5), "a-c1": NamespaceSet(6, 7, None)},
    )
    return Lab(LabDirectory(Path("/nowhere")), state)


def test_a_host_has_namespaces_of_its_own_and_the_holders_pids() -> None:
    found = exec_arguments(lab(has_user_namespace=False), "a", ["ip", "route"], folder="/home/x")
    assert found[: found.index("--")] == [
        "nsenter", "--pid=/proc/42/ns/pid", "--net=/proc/42/fd/3", "--uts=/proc/42/fd/4", "--mount=/proc/42/fd/5",
    ]  # fmt: skip
    assert found[-3:] == ["/home/x", "ip", "route"]


def test_a_container_sees_the_holders_files() -> None:
    found = exec_arguments(lab(has_user_namespace=False), "a-c1", ["ip"])
    assert "--mount=/proc/42/ns/mnt" in found
    assert "--net=/proc/42/fd/6" in found


def test_an_ordinary_person_enters_the_user_namespace_first() -> None:
    found = exec_arguments(lab(has_user_namespace=True), "a", ["ip"])
    assert found[1:3] == ["--user=/proc/42/ns/user", "--preserve-credentials"]


def test_unknown_targets_are_told_the_known_ones() -> None:
    with pytest.raises(UnknownTarget, match="no host or container 'b': there are a, a-c1"):
        exec_arguments(lab(has_user_namespace=False), "b", ["ip"])
