"""Exact command lines and environments."""

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tortie.lab.commands import (
    COMMANDS,
    agent_process,
    command_wrapper,
    host_environment,
    module_command,
    process_plans,
    python_path,
)
from tortie.lab.topology import load_topology, parse_topology

SEED = load_topology("seed")
OUTER = {"TERM": "xterm", "PATH": "/evil", "XDG_RUNTIME_DIR": "/run/user/7", "HOME": "/home/x"}
PLANS = {plan.name: plan for plan in process_plans(SEED, {"TERM": "xterm"}, COMMANDS)}


def test_seed_runs_an_agent_a_host_and_the_api() -> None:
    assert list(PLANS) == [
        "kube-master/node", "kube-master/api", "kube-node1/node", "kube-node2/node", "kube-node3/node",
        "node1/reflector",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "line"),
    [
        (
            "kube-node1/node",
            "tortie node run --name kube-node1 --run-dir /run/tortie",
        ),
        ("node1/reflector", "tortie reflector run"),
        (
            "kube-master/api",
            "tortie api --listen 10.10.31.190:2379 --ca-cert /run/lab/pki/ca.pem --cert /run/lab/pki/server.pem "
            "--key /run/lab/pki/server-key.pem --grant write=CN=calicoctl",
        ),
    ],
)
def test_command_lines(name: str, line: str) -> None:
    assert " ".join(PLANS[name].arguments) == line


def test_the_reflector_is_told_its_address_by_the_environment_and_waits_for_the_person() -> None:
    reflector = PLANS["node1/reflector"]
    assert reflector.environment["IP"] == "10.10.31.168"
    assert "IP6" not in reflector.environment
    assert not reflector.is_automatic
    assert reflector.ready_socket == "hosts/node1/run/status.sock"


def test_the_api_is_ready_when_its_port_is() -> None:
    assert PLANS["kube-master/api"].ready_port == ("10.10.31.190", 2379)


def test_a_routers_agent_is_a_nodes() -> None:
    topology = load_topology("racks")
    found = {agent_process(host.name, host.role) for host in topology.hosts}
    assert found == {plan.name for plan in process_plans(topology, {}, COMMANDS)}
    assert {"router1/node", "rr1/reflector", "n1/node"} <= found


def test_both_addresses_of_a_reflector_and_an_api_on_ipv6() -> None:
    topology = parse_topology(
        """
name: six
lans: {lan: {networks: [10.0.0.0/24, 'fd00::/64']}}
hosts:
  r: {role: reflector, cluster_id: 1.0.0.1, interfaces: {lan: [10.0.0.1, 'fd00::1']}}
  n: {interfaces: {lan: 'fd00::2'}, api: {}}
  p: {role: plain, interfaces: {lan: 10.0.0.9}}
""",
        "six.yaml",
    )
    plans = {plan.name: plan for plan in process_plans(topology, {}, COMMANDS)}
    assert sorted(plans) == ["n/api", "n/node", "r/reflector"]
    assert {name: plans["r/reflector"].environment[name] for name in ("IP", "IP6")} == {
        "IP": "10.0.0.1",
        "IP6": "fd00::1",
    }
    assert plans["n/api"].arguments[3] == "[fd00::2]:2379"
    assert plans["n/api"].ready_port == ("fd00::2", 2379)


def test_hosts_see_our_commands_first_and_little_of_the_persons_environment() -> None:
    found = host_environment(SEED, OUTER)
    assert found["PATH"].startswith("/run/lab/bin:")
    assert found == {
        "TERM": "xterm",
        "HOME": "/home/x",
        "PATH": found["PATH"],
        "TORTIE_DATASTORE": "sqlite:///run/lab/store/tortie.db",
        "TORTIE_RUN_DIR": "/run/tortie",
    }


def test_the_wrapper_runs_this_installation_from_anywhere(tmp_path: Path) -> None:
    script = tmp_path / "tortie"
    script.write_text(command_wrapper())
    assert script.read_text().startswith("#!/bin/sh\n")
    checked = subprocess.run(["sh", "-n", str(script)], check=False)
    assert checked.returncode == 0
    assert f'exec {shlex.quote(sys.executable)} -P -m tortie "$@"' in script.read_text()


def test_another_process_finds_tortie_with_our_path() -> None:
    command = [*module_command("tortie.lab.paths")]
    found = subprocess.run(command, check=False, cwd="/", env={"PYTHONPATH": python_path()}, capture_output=True)
    assert found.returncode == 0
    assert python_path().split(":")[0].endswith("src")
