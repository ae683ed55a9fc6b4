"""Tests of tortie.fabric.settings: BGPConfiguration, default and per node."""

import pytest

from support.fabric import configuration
from tortie.fabric.intent import SecretReference
from tortie.fabric.records import Settings
from tortie.fabric.settings import AllSettings, read_settings
from tortie.model import BGPConfiguration


def read(*configurations: BGPConfiguration) -> tuple[AllSettings, list[str]]:
    settings, problems = read_settings(configurations)
    return settings, [entry.reason for entry in sorted(problems)]


def test_defaults() -> None:
    settings, problems = read()
    assert settings.cluster == Settings(
        as_number=64512, is_mesh_enabled=True, listen_port=179, ignored_interfaces=(), log_level="Info"
    )
    assert (settings.by_node, settings.is_default_usable, problems) == ({}, True, [])


def test_the_clusters_record() -> None:
    settings, problems = read(
        configuration(
            asNumber=65001,
            nodeToNodeMeshEnabled=False,
            listenPort=1790,
            ignoredInterfaces=["eth9", "docker*", "eth9"],
            logSeverityScreen="debug",
            bindMode="None",
        )
    )
    assert settings.cluster == Settings(
        as_number=65001,
        is_mesh_enabled=False,
        listen_port=1790,
        ignored_interfaces=("docker*", "eth9"),
        log_level="Debug",
        bind_mode="None",
    )
    assert settings.of_node("n1") == settings.cluster
    assert problems == []


def test_a_node_overrides_and_inherits() -> None:
    settings, _ = read(
        configuration(listenPort=1790, ignoredInterfaces=["eth9"], asNumber=65001),
        configuration("node.n1", logSeverityScreen="Error"),
        configuration("node.n2", listenPort=1791, ignoredInterfaces=[], bindMode="None"),
    )
    assert (settings.of_node("n1").bind_mode, settings.of_node("n2").bind_mode) == ("NodeIP", "None")
    assert (settings.of_node("n1").listen_port, settings.of_node("n1").log_level) == (1790, "Error")
    assert settings.of_node("n1").ignored_interfaces == ("eth9",)
    assert (settings.of_node("n2").listen_port, settings.of_node("n2").ignored_interfaces) == (1791, ())
    assert settings.of_node("n2").as_number == 65001


@pytest.mark.rfc("6793", "9")
def test_a_bad_as_number_takes_out_itself_not_the_mesh_switch() -> None:
    settings, problems = read(configuration(asNumber=23456, nodeToNodeMeshEnabled=False))
    assert settings.cluster.as_number == 64512
    assert not settings.cluster.is_mesh_enabled
    assert not settings.is_default_usable
    assert problems == [
        "spec.asNumber: 23456: expected another AS number "
        "(23456 stands for those that do not fit in 16 bits); 64512 is used"
    ]


def test_what_the_mesh_has_of_its_own() -> None:
    secret = {"secretKeyRef": {"name": "bgp", "key": "mesh"}}
    settings, problems = read(configuration(nodeMeshPassword=secret, nodeMeshMaxRestartTime="90s"))
    assert settings.cluster.mesh_password == SecretReference("bgp", "mesh")
    assert settings.cluster.mesh_restart_time_s == 90
    assert settings.cluster.is_mesh_enabled
    assert problems == []


def test_a_mesh_password_without_a_secret_means_no_mesh() -> None:
    settings, problems = read(configuration(nodeMeshPassword={}))
    assert not settings.cluster.is_mesh_enabled
    assert [problem.split(":")[0] for problem in problems] == ["spec.nodeMeshPassword.secretKeyRef"]


@pytest.mark.rfc("4724", "3")
def test_a_restart_time_that_no_open_can_carry() -> None:
    settings, problems = read(configuration(nodeMeshMaxRestartTime="2h"))
    assert settings.cluster.mesh_restart_time_s is None
    assert settings.cluster.is_mesh_enabled
    assert problems == ["spec.nodeMeshMaxRestartTime: '2h': expected 0 to 4095 seconds; the speaker's default is used"]
