"""`calicoctl config`: names, values, scope and messages."""

import pytest

from tortie.model import (
    CONFIG_NAMES,
    BGPConfiguration,
    ConfigInvalid,
    ResourceInvalid,
    configuration_name,
    find_config_name,
    get_config,
    is_ipip_enabled,
    set_config,
    unset_config,
)
from tortie.model.config_names import IPIP_ANNOTATION

DEFAULTS = [("logLevel", "info"), ("nodeToNodeMesh", "on"), ("asNumber", "64512"), ("ipip", "off")]

VALUES = [
    *(("logLevel", level) for level in ("none", "debug", "info", "warning", "error", "critical")),
    ("nodeToNodeMesh", "on"),
    ("nodeToNodeMesh", "off"),
    ("asNumber", "1"),
    ("asNumber", "4294967295"),
    ("ipip", "on"),
    ("ipip", "off"),
]


@pytest.mark.parametrize(("name", "value"), DEFAULTS)
def test_defaults_with_and_without_a_configuration(name: str, value: str) -> None:
    assert get_config(name, None) == value
    assert get_config(name, BGPConfiguration.from_data({"metadata": {"name": "default"}})) == value


@pytest.mark.parametrize("name", ["nodeToNodeMesh", "nodeTonodeMesh", "nodetonodemesh", "NODETONODEMESH"])
def test_names_count_in_any_case(name: str) -> None:
    assert get_config("nodeToNodeMesh", set_config(name, "off", None)) == "off"
    assert find_config_name(name) is CONFIG_NAMES["nodetonodemesh"]


@pytest.mark.parametrize(("name", "value"), VALUES)
def test_set_get_unset(name: str, value: str) -> None:
    stored = set_config(name, value, None)
    assert stored.name == "default"
    assert get_config(name, stored) == value
    unset = unset_config(name, stored)
    assert unset is not None
    assert get_config(name, unset) == dict(DEFAULTS)[name]
    assert unset_config(name, unset) is None


def test_unset_of_nothing_changes_nothing() -> None:
    assert unset_config("asNumber", None) is None


def test_dotted_as_number() -> None:
    assert get_config("asNumber", set_config("asNumber", "1.10", None)) == "65546"


def test_what_is_stored() -> None:
    stored = set_config("nodeToNodeMesh", "off", None)
    stored = set_config("asNumber", "64513", stored)
    stored = set_config("logLevel", "critical", stored)
    stored = set_config("ipip", "on", stored)
    data = stored.to_data()
    assert data["spec"] == {"logSeverityScreen": "Fatal", "nodeToNodeMeshEnabled": False, "asNumber": 64513}
    assert data["metadata"] == {"name": "default", "annotations": {IPIP_ANNOTATION: "true"}}
    assert is_ipip_enabled(stored)
    assert not is_ipip_enabled(None)


def test_other_fields_stay() -> None:
    before = BGPConfiguration.from_data(
        {"metadata": {"name": "default", "uid": "u", "annotations": {"a": "b"}}, "spec": {"listenPort": 1790}}
    )
    after = set_config("ipip", "on", set_config("nodeToNodeMesh", "off", before))
    assert unset_config("ipip", unset_config("nodeToNodeMesh", after) or after) == before


@pytest.mark.parametrize(("severity", "level"), [("Trace", "debug"), ("Fatal", "critical"), ("Warning", "warning")])
def test_log_levels_that_v3_wrote(severity: str, level: str) -> None:
    stored = BGPConfiguration.from_data({"metadata": {"name": "default"}, "spec": {"logSeverityScreen": severity}})
    assert get_config("logLevel", stored) == level


def test_log_level_of_a_node_is_inherited_until_set() -> None:
    default = set_config("logLevel", "warning", None)
    assert get_config("logLevel", None, node="n") == "info (inherited from global)"
    assert get_config("logLevel", default, node="n") == "warning (inherited from global)"
    of_node = set_config("logLevel", "debug", None, node="n")
    assert of_node.name == configuration_name("n") == "node.n"
    assert get_config("logLevel", default, node="n", of_node=of_node) == "debug"
    unset = unset_config("logLevel", of_node, node="n")
    assert get_config("logLevel", default, node="n", of_node=unset) == "warning (inherited from global)"


@pytest.mark.parametrize("name", ["nodeToNodeMesh", "asNumber", "ipip"])
def test_global_names_take_no_node(name: str) -> None:
    message = rf"^--node should not be specified \({name} is global\)$"
    with pytest.raises(ConfigInvalid, match=message):
        get_config(name, None, node="n")
    with pytest.raises(ConfigInvalid, match=message):
        set_config(name, "on", None, node="n")
    with pytest.raises(ConfigInvalid, match=message):
        unset_config(name, None, node="n")


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("nodeToNodeMesh", "ON", "invalid value 'ON' (nodeToNodeMesh takes on or off)"),
        ("nodeToNodeMesh", "", "invalid value '' (nodeToNodeMesh takes on or off)"),
        ("ipip", "true", "invalid value 'true' (ipip takes on or off)"),
        ("logLevel", "Info", "error with field loglevel = 'Info' (logLevel takes none, debug, info, warning, error"),
        ("asNumber", "4294967296", "the supplied AS number is not valid ('4294967296': expected an AS number from 1"),
        ("asNumber", "0", "the supplied AS number is not valid ('0': expected"),
        ("asNumber", "", "the supplied AS number is not valid ('': expected"),
        ("asNumbr", "1", "unrecognised config name 'asNumbr' (did you mean 'asNumber'?)"),
        ("zzz", "1", "unrecognised config name 'zzz' (known are logLevel, nodeToNodeMesh, asNumber, ipip)"),
    ],
)
def test_messages(name: str, value: str, message: str) -> None:
    with pytest.raises(ConfigInvalid) as caught:
        set_config(name, value, None)
    assert str(caught.value).startswith(message)


def test_a_node_name_that_cannot_be() -> None:
    with pytest.raises(ResourceInvalid, match=r"metadata.name: 'node.N': expected a name"):
        set_config("logLevel", "info", None, node="N")


def test_a_value_that_does_not_go_with_the_rest_is_refused() -> None:
    stored = BGPConfiguration.from_data(
        {"metadata": {"name": "default"}, "spec": {"nodeMeshMaxRestartTime": "10s", "nodeToNodeMeshEnabled": True}}
    )
    with pytest.raises(ResourceInvalid, match="nodeMeshMaxRestartTime"):
        set_config("nodeToNodeMesh", "off", stored)
