"""The names of `calicoctl config`: what they read and write of BGPConfiguration.

| name           | scope        | values                                      | unset restores |
|----------------|--------------|---------------------------------------------|----------------|
| logLevel       | global, node | none debug info warning error critical      | info, or the global value |
| nodeToNodeMesh | global       | on off                                      | on             |
| asNumber       | global       | 1-4294967295 or hi.lo                       | 64512          |
| ipip           | global       | on off                                      | off            |

Names count in any case, values as written. Global values live in the BGPConfiguration `default`, a node's in
`node.<name>` (`configuration_name`). `ipip` has no field there (Calico keeps it with Felix), so it is an
annotation. The functions are pure: they take the stored configuration, or None, and return the one to store.
What it is NOT for: ``--raw``, and the datastore. A name's rules are one row of `CONFIG_NAMES`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from tortie.model.bgp_configuration import (
    DEFAULT_NAME,
    NODE_NAME_PREFIX,
    BGPConfiguration,
    LogSeverity,
)
from tortie.model.errors import ConfigInvalid, nearest_name
from tortie.model.fields import Expected, parse_as_number

IPIP_ANNOTATION: Final = "tortie/ipip-enabled"
"""Annotation of the default BGPConfiguration that holds `ipip`, "true" or "false"."""

_LOG_LEVELS: Final[dict[str, LogSeverity]] = {
    "none": LogSeverity.NONE,
    "debug": LogSeverity.DEBUG,
    "info": LogSeverity.INFO,
    "warning": LogSeverity.WARNING,
    "error": LogSeverity.ERROR,
    "critical": LogSeverity.FATAL,
}
_LOG_LEVEL_OF: Final[dict[LogSeverity, str]] = {
    **{severity: level for level, severity in _LOG_LEVELS.items()},
    LogSeverity.TRACE: "debug",
}
_ON_OFF: Final = {"on": True, "off": False}


@dataclass(frozen=True, slots=True)
class ConfigName:
    """One name.

    Attributes:
        name: as documented.
        values: what may be set, in words.
        is_global_only: a node may not have its own.
        default: the value where nothing is stored.
        read: the stored value as text, None where unset.
        write: a configuration with the value set, or unset when None.
        value_error: message for a value that cannot be used.
    """

    name: str
    values: str
    is_global_only: bool
    default: str
    read: Callable[[BGPConfiguration], str | None]
    write: Callable[[BGPConfiguration, str | None], BGPConfiguration]
    value_error: Callable[[str], str]


def find_config_name(name: str) -> ConfigName:
    """Return the row of a name, given in any case.

    Raises:
        ConfigInvalid: there is no such name.
    """
    row = CONFIG_NAMES.get(name.lower())
    if row is None:
        known = [item.name for item in CONFIG_NAMES.values()]
        nearest = nearest_name(name, known)
        hint = f"did you mean '{nearest}'?" if nearest else "known are " + ", ".join(known)
        raise ConfigInvalid(f"unrecognised config name '{name}' ({hint})")
    return row


def configuration_name(node: str | None) -> str:
    """Return the name of the BGPConfiguration that holds the global values, or a node's."""
    return f"{NODE_NAME_PREFIX}{node}" if node else DEFAULT_NAME


def get_config(
    name: str,
    default: BGPConfiguration | None,
    *,
    node: str | None = None,
    of_node: BGPConfiguration | None = None,
) -> str:
    """Return what `config get` prints.

    Args:
        name: in any case.
        default: the stored configuration `default`, None where there is none.
        node: the node asked for, None for the global value.
        of_node: the node's stored configuration, None where there is none.

    Raises:
        ConfigInvalid: unknown name, or a node given for a global one.
    """
    row = find_config_name(name)
    _check_scope(row, node)
    value = row.read(default) if default is not None else None
    global_value = row.default if value is None else value
    if not node:
        return global_value
    own_value = row.read(of_node) if of_node is not None else None
    return f"{global_value} (inherited from global)" if own_value is None else own_value


def set_config(name: str, value: str, current: BGPConfiguration | None, *, node: str | None = None) -> BGPConfiguration:
    """Return the configuration to store for `config set`.

    Args:
        name: in any case.
        value: as typed; its case counts.
        current: the stored configuration named `configuration_name(node)`, None where there is none.
        node: the node, None for the global value.

    Raises:
        ConfigInvalid: unknown name, a value that cannot be used, or a node given for a global name.
        ResourceInvalid: the result as a whole cannot be used, or the node's name is none.
    """
    row = find_config_name(name)
    _check_scope(row, node)
    return row.write(_existing_or_new(current, node), value)


def unset_config(name: str, current: BGPConfiguration | None, *, node: str | None = None) -> BGPConfiguration | None:
    """Return the configuration to store for `config unset`, None where nothing has to be changed.

    Raises:
        ConfigInvalid: unknown name, or a node given for a global one.
    """
    row = find_config_name(name)
    _check_scope(row, node)
    if current is None or row.read(current) is None:
        return None
    return row.write(current, None)


def is_ipip_enabled(default: BGPConfiguration | None) -> bool:
    """Return the global `ipip` switch."""
    return get_config("ipip", default) == "on"


def _check_scope(row: ConfigName, node: str | None) -> None:
    if node and row.is_global_only:
        raise ConfigInvalid(f"--node should not be specified ({row.name} is global)")


def _existing_or_new(current: BGPConfiguration | None, node: str | None) -> BGPConfiguration:
    if current is not None:
        return current
    return BGPConfiguration.from_data({"metadata": {"name": configuration_name(node)}})


# ---------------------------------------------------------------- reading and writing


def _parse(values: Mapping[str, object], row: str, value: str) -> object:
    if value not in values:
        find = CONFIG_NAMES[row]
        raise ConfigInvalid(f"{find.value_error(value)} ({find.name} takes {find.values})")
    return values[value]


def _read_log_level(configuration: BGPConfiguration) -> str | None:
    severity = configuration.spec.log_severity_screen
    return None if severity is None else _LOG_LEVEL_OF[severity]


def _write_log_level(configuration: BGPConfiguration, value: str | None) -> BGPConfiguration:
    severity = None if value is None else _parse(_LOG_LEVELS, "loglevel", value)
    return configuration.with_spec(log_severity_screen=severity)


def _read_mesh(configuration: BGPConfiguration) -> str | None:
    enabled = configuration.spec.node_to_node_mesh_enabled
    return None if enabled is None else ("on" if enabled else "off")


def _write_mesh(configuration: BGPConfiguration, value: str | None) -> BGPConfiguration:
    enabled = None if value is None else _parse(_ON_OFF, "nodetonodemesh", value)
    return configuration.with_spec(node_to_node_mesh_enabled=enabled)


def _read_as_number(configuration: BGPConfiguration) -> str | None:
    number = configuration.spec.as_number
    return None if number is None else str(number)


def _write_as_number(configuration: BGPConfiguration, value: str | None) -> BGPConfiguration:
    try:
        number = None if value is None else parse_as_number(value)
    except Expected as error:
        message = CONFIG_NAMES["asnumber"].value_error(str(value))
        raise ConfigInvalid(f"{message} ('{value}': expected {error.expected})") from None
    return configuration.with_spec(as_number=number)


def _read_ipip(configuration: BGPConfiguration) -> str | None:
    text = configuration.metadata.annotations.get(IPIP_ANNOTATION)
    return {"true": "on", "false": "off"}.get(text or "")


def _write_ipip(configuration: BGPConfiguration, value: str | None) -> BGPConfiguration:
    annotations = {**configuration.metadata.annotations}
    annotations.pop(IPIP_ANNOTATION, None)
    if value is not None:
        annotations[IPIP_ANNOTATION] = "true" if _parse(_ON_OFF, "ipip", value) else "false"
    return configuration.with_metadata(annotations=annotations)


def _invalid_value(value: str) -> str:
    return f"invalid value '{value}'"


CONFIG_NAMES: Final[dict[str, ConfigName]] = {
    row.name.lower(): row
    for row in (
        ConfigName(
            "logLevel",
            ", ".join(_LOG_LEVELS),
            False,
            "info",
            _read_log_level,
            _write_log_level,
            lambda value: f"error with field loglevel = '{value}'",
        ),
        ConfigName("nodeToNodeMesh", "on or off", True, "on", _read_mesh, _write_mesh, _invalid_value),
        ConfigName(
            "asNumber",
            "1-4294967295 or hi.lo",
            True,
            "64512",
            _read_as_number,
            _write_as_number,
            lambda _: "the supplied AS number is not valid",
        ),
        ConfigName("ipip", "on or off", True, "off", _read_ipip, _write_ipip, _invalid_value),
    )
}
"""The table at the head of this module; keys in lower case."""
