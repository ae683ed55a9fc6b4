"""A lab on etcd: where members run, what starts when, and what hosts are told."""

import pytest

from tortie.lab.checks import gateway_value
from tortie.lab.commands import COMMANDS, host_environment, process_plans
from tortie.lab.errors import EtcdImpossible
from tortie.lab.etcd_lab import etcd_cluster, with_etcd
from tortie.lab.plan import FILLING, Stage
from tortie.lab.requirements import missing_etcd
from tortie.lab.topology import known_topologies, load_topology

SEED = load_topology("seed")
ON_ETCD = with_etcd(SEED, 3)
MEMBERS = ("kube-master", "kube-node1", "kube-node2")


def test_members_run_on_the_first_nodes_beside_the_api() -> None:
    cluster = etcd_cluster(ON_ETCD)
    assert cluster is not None
    assert tuple(member.name for member in cluster.members) == MEMBERS
    assert cluster.url == "etcds://10.10.31.190:2479,10.10.31.193:2479,10.10.31.194:2479"
    assert etcd_cluster(SEED) is None


@pytest.mark.parametrize("name", known_topologies())
def test_every_shipped_topology_has_room_for_three(name: str) -> None:
    topology = with_etcd(load_topology(name), 3)
    assert len(topology.etcd_hosts) == 3
    assert not any(topology.host(each).is_optional for each in topology.etcd_hosts)


def test_too_few_nodes_are_refused() -> None:
    with pytest.raises(EtcdImpossible, match=r"lab 'seed': no 5 etcd members: .* found kube-master, kube-node1"):
        with_etcd(SEED, 5)


def test_members_start_first_then_what_fills_them_then_agents() -> None:
    plans = process_plans(ON_ETCD, {}, COMMANDS)
    stages = [plan.stage for plan in plans]
    assert stages == sorted(stages)
    assert [plan.name for plan in plans if plan.stage is Stage.DATASTORE] == [f"{name}/etcd" for name in MEMBERS]
    assert [plan.name for plan in plans if plan.is_task] == [FILLING]
    assert {plan.stage for plan in process_plans(SEED, {}, COMMANDS)} == {Stage.AGENTS}


def test_agents_get_the_documents_variables_and_members_none_of_etcds_own() -> None:
    plans = {plan.name: plan for plan in process_plans(ON_ETCD, {}, COMMANDS)}
    told = {name: text for name, text in plans["node1/reflector"].environment.items() if name.startswith("ETCD_")}
    assert told == {
        "ETCD_ENDPOINTS": "https://10.10.31.190:2479,https://10.10.31.193:2479,https://10.10.31.194:2479",
        "ETCD_CA_CERT_FILE": "/run/lab/etcd/tls/ca.pem",
        "ETCD_CERT_FILE": "/run/lab/etcd/tls/calico.pem",
        "ETCD_KEY_FILE": "/run/lab/etcd/tls/calico-key.pem",
    }
    assert host_environment(ON_ETCD, {}).items() >= told.items()
    assert "TORTIE_DATASTORE" not in host_environment(ON_ETCD, {})
    assert not any(name.startswith("ETCD_") for name in plans["kube-master/etcd"].environment)


def test_a_foreign_speakers_process_is_told_the_cluster() -> None:
    topology = with_etcd(load_topology("mixed"), 1)
    plans = {plan.name: plan for plan in process_plans(topology, {}, COMMANDS)}
    arguments = plans["rr-bird/reflector"].arguments
    assert arguments[arguments.index("--datastore") + 1].startswith("etcds://")


def test_etcd_that_is_not_installed_is_named_where_it_is_needed() -> None:
    assert missing_etcd(SEED, lambda _: None) == []
    assert missing_etcd(ON_ETCD, lambda name: f"/usr/bin/{name}") == []
    [missing] = missing_etcd(ON_ETCD, lambda _: None)
    assert (missing.name, missing.remedy) == ("etcd", "apt-get install -y etcd-server")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"kvs": [{"key": "L2E=", "value": "eyJhIjogMX0="}], "count": "1"}', '{"a": 1}'),
        ('{"header": {}}', ""),
        ('{"kvs": []}', ""),
        ('{"kvs": [{"value": "YQ=="}, {"value": "Yg=="}]}', ""),
        ('{"kvs": [{"value": "not base64"}]}', ""),
        ('{"kvs": ["x"]}', ""),
        ("Connection refused", ""),
    ],
)
def test_what_etcds_gateway_says(text: str, value: str) -> None:
    assert gateway_value(text) == value
