"""What `lab status` prints."""

import pytest

from tortie.cli.errors import CommandFailed
from tortie.cli.labs import chosen_topology, status_text
from tortie.lab.status import HostStatus, LabStatus
from tortie.lab.supervisor import ProcessReport
from tortie.lab.wiring import ContainerWiring


def host(name: str, **changes: object) -> HostStatus:
    process = ProcessReport(name=f"{name}/node", host=name, is_running=True, pid=7, starts=1, exit_status=None,
                            arguments=("tortie",), log="x.log")  # fmt: skip
    plain = {"name": name, "role": "node", "agent": "tortie", "addresses": ("10.0.0.1/24",),
             "processes": (process,), "sessions": (), "problem": "", "quarantine": ()}  # fmt: skip
    return HostStatus(**(plain | changes))  # type: ignore[arg-type]  # a test's table of changes


def lines(*hosts: HostStatus, containers: tuple[ContainerWiring, ...] = (), remarks: tuple[str, ...] = ()) -> list[str]:
    status = LabStatus(name="seed", folder="/x", holder_pid=1, has_user_namespace=False, hosts=hosts,
                       containers=containers, remarks=remarks)  # fmt: skip
    text = status_text(status)
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    assert "\n\n\n" not in text
    return text.splitlines()


def test_a_lab_that_is_well() -> None:
    assert lines(host("a")) == [
        "lab 'seed' is up",
        "",
        "HOST   ROLE   AGENT    ADDRESSES     SESSIONS    PROCESSES",
        "a      node   tortie   10.0.0.1/24   0 of 0 up   node",
    ]


def test_another_agent_on_a_host() -> None:
    topology = chosen_topology("seed", ("kube-node1=frr", "node1=bird"))
    assert {host.name: host.agent for host in topology.hosts if host.agent != "tortie"} == {
        "kube-node1": "frr",
        "node1": "bird",
    }
    for text in ("kube-node1", "=bird", "kube-node1="):
        with pytest.raises(CommandFailed, match="expected HOST=AGENT"):
            chosen_topology("seed", (text,))


def test_what_many_hosts_say_stands_once() -> None:
    reason = "BGPPeer p: spec.peerIP: missing"
    found = lines(host("a", quarantine=(reason, "Node n: bad")), host("b", quarantine=(reason,)))
    assert found[-3:] == ["", f"set aside by 2 hosts: {reason}", "set aside by a: Node n: bad"]


def test_a_datastore_that_is_not_followed() -> None:
    found = lines(host("a", datastore_problem="gone"), host("b", datastore_problem="gone"), host("c"))
    assert found[-2:] == ["", "datastore NOT FOLLOWED by a, b: gone"]


def test_an_agent_that_ended_stands_before_notes() -> None:
    ended = "a/node ended (killed by SIGKILL), see /x/a.log"
    assert lines(host("a", problem=ended), remarks=("no sysctl",))[-3:] == ["", ended, "note: no sysctl"]
