"""Tests of tortie.node.intent_config: what of an intent reaches the engine, field by field."""

from dataclasses import replace
from typing import Any

import pytest

from support.fabric import MESH_OFF, configuration, fabric, node, peer
from tortie.bgp.engine import AddPathMode
from tortie.bgp.engine.config import RESTART_TIME_S_DEFAULT
from tortie.bgp.policy import ACCEPT_ALL, PrefixFilter
from tortie.bgp.wire import IPV4_UNICAST, IPV6_UNICAST
from tortie.fabric import NodeIntent, node_intent
from tortie.model import BGPPeer
from tortie.node.intent_config import listen_addresses, peer_configs


def intent(**spec: Any) -> NodeIntent:  # noqa: ANN401 - a BGPPeer's spec as in JSON
    return node_intent(fabric(MESH_OFF, node("n1", "10.0.0.1", "fd00::1"), peer("p", "192.0.2.1", **spec)), "n1")


@pytest.mark.rfc("4271", "4.4")
@pytest.mark.parametrize(
    ("spec", "hold_time_s"), [({}, 90), ({"keepaliveTime": "5s"}, 15), ({"keepaliveTime": "21845s"}, 65535)]
)
def test_three_keepalives_fit_into_the_hold_time(spec: dict[str, Any], hold_time_s: int) -> None:
    (config,) = peer_configs(intent(**spec))
    assert config.options.hold_time_s == hold_time_s


def test_the_as_number_and_address_that_a_session_speaks_from() -> None:
    (config,) = peer_configs(intent(localASNumber=65001, sourceAddress="None"))
    assert (config.options.local_as, config.local_address) == (65001, None)
    (config,) = peer_configs(intent())
    assert (config.options.local_as, config.local_address) == (64512, "10.0.0.1")


@pytest.mark.parametrize(
    ("bind_mode", "expected"),
    [
        pytest.param(None, ("10.0.0.1", "fd00::1"), id="unset"),
        pytest.param("NodeIP", ("10.0.0.1", "fd00::1"), id="NodeIP"),
        pytest.param("None", ("0.0.0.0", "::"), id="None"),
    ],
)
def test_where_it_listens(bind_mode: str | None, expected: tuple[str, ...]) -> None:
    settings = [] if bind_mode is None else [configuration(bindMode=bind_mode)]
    planned = node_intent(fabric(node("n1", "10.0.0.1", "fd00::1"), *settings), "n1")
    assert listen_addresses(planned) == expected
    assert listen_addresses(replace(planned, address_v6=None, network_v6=None)) == expected[:1]


@pytest.mark.rfc("7911", "4")
@pytest.mark.parametrize(
    ("annotations", "mode"), [({}, AddPathMode.OFF), ({"tortie/add-path": "send"}, AddPathMode.SEND)]
)
def test_which_way_several_paths_go(annotations: dict[str, str], mode: AddPathMode) -> None:
    (config,) = peer_configs(intent(annotations=annotations))
    assert config.options.add_path is mode


@pytest.mark.rfc("4760", "8")
def test_both_families_over_one_session_have_the_filter_of_both() -> None:
    (config,) = peer_configs(intent(annotations={"tortie/families": "ipv4,ipv6"}))
    assert config.options.families == (IPV4_UNICAST, IPV6_UNICAST)


@pytest.mark.rfc("4724", "3")
@pytest.mark.parametrize(("spec", "restart_time_s"), [({}, RESTART_TIME_S_DEFAULT), ({"maxRestartTime": "10s"}, 10)])
def test_the_restart_time_that_is_announced(spec: dict[str, Any], restart_time_s: int) -> None:
    (config,) = peer_configs(intent(**spec))
    assert config.options.restart_time_s == restart_time_s


@pytest.mark.rfc("8212", "2.1")
@pytest.mark.rfc("8212", "2.2")
def test_a_planned_session_always_has_a_policy_each_way() -> None:
    (config,) = peer_configs(intent(asNumber=65001))
    assert config.options.import_filter == ACCEPT_ALL
    assert isinstance(config.options.export_filter, PrefixFilter)
    assert not config.options.export_filter.default_accept


def test_what_is_unchanged_is_not_translated_again() -> None:
    def of(*peers: BGPPeer) -> NodeIntent:
        return node_intent(fabric(MESH_OFF, node("n1", "10.0.0.1"), *peers), "n1")

    former = of(peer("a", "192.0.2.1"), peer("b", "192.0.2.2"))
    current = of(peer("a", "192.0.2.1"), peer("b", "192.0.2.2", keepaliveTime="5s"), peer("c", "192.0.2.3"))
    before = peer_configs(former)
    after = peer_configs(current, former, before)
    assert after == peer_configs(current)
    assert [one is other for one in after for other in before] == [True, False, False, False, False, False]
