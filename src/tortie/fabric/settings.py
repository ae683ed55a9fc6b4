"""BGPConfiguration in force: the cluster's (`default`) and each node's (`node.<name>`).

Here one bad value takes out itself, not the record: a `default` that says "mesh off" must not turn the
mesh on because its AS number is wrong. What it is NOT for: the names of `calicoctl config`
(``tortie.model``). Structure to know: `AllSettings`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tortie.fabric.intent import RESTART_TIME_S_MAX, Quarantined, SecretReference
from tortie.fabric.quarantine import RecordUnusable
from tortie.fabric.reading import check_as_number, read_password, read_seconds
from tortie.fabric.records import Settings
from tortie.model import DEFAULT_AS_NUMBER, DEFAULT_NAME, BGPConfiguration, BGPConfigurationSpec

DEFAULT_SETTINGS = Settings(as_number=DEFAULT_AS_NUMBER)
"""What holds where no BGPConfiguration says otherwise (reference: 64512, mesh on, port 179, Info)."""


@dataclass(frozen=True, slots=True)
class AllSettings:
    """Settings of the cluster and of the nodes that override some.

    Attributes:
        cluster: of every node without its own.
        by_node: node name → its settings, what it does not set taken from `cluster`.
        is_default_usable: False when the `default` record has a value that had to be replaced.
    """

    cluster: Settings
    by_node: Mapping[str, Settings]
    is_default_usable: bool

    def of_node(self, name: str) -> Settings:
        """Return the settings of a node."""
        return self.by_node.get(name, self.cluster)


def read_settings(
    configurations: Iterable[BGPConfiguration],
) -> tuple[AllSettings, frozenset[Quarantined]]:
    """Return what all BGPConfigurations, one a name, say together, and the values that cannot be used."""
    usable = {item.name: item for item in configurations}
    problems = _Problems()
    cluster = DEFAULT_SETTINGS
    if DEFAULT_NAME in usable:
        cluster = _cluster_settings(usable[DEFAULT_NAME].spec, problems)
    by_node = {
        item.node_name: _node_settings(item.spec, cluster) for item in usable.values() if item.node_name is not None
    }
    return AllSettings(cluster, by_node, is_default_usable=not problems.found), frozenset(problems.found)


class _Problems:
    """Values of the cluster's record that cannot be used."""

    def __init__(self) -> None:
        self.found: set[Quarantined] = set()

    def note(self, reason: str) -> None:
        self.found.add(Quarantined("BGPConfiguration", DEFAULT_NAME, reason))


def _cluster_settings(spec: BGPConfigurationSpec, problems: _Problems) -> Settings:
    is_mesh_enabled = spec.node_to_node_mesh_enabled is not False
    password: SecretReference | None = None
    if is_mesh_enabled:
        try:
            password = read_password("spec.nodeMeshPassword", spec.node_mesh_password)
        except RecordUnusable as problem:
            instead = "there are no mesh sessions rather than sessions without their password"
            problems.note(f"{problem}; {instead}")
            is_mesh_enabled = False
    return Settings(
        as_number=_cluster_as(spec, problems),
        is_mesh_enabled=is_mesh_enabled,
        listen_port=spec.listen_port or DEFAULT_SETTINGS.listen_port,
        bind_mode=spec.bind_mode.value if spec.bind_mode else DEFAULT_SETTINGS.bind_mode,
        mesh_password=password,
        mesh_restart_time_s=_mesh_restart_time(spec, problems),
        ignored_interfaces=tuple(sorted(set(spec.ignored_interfaces or ()))),
        log_level=spec.log_severity_screen.value if spec.log_severity_screen else DEFAULT_SETTINGS.log_level,
    )


def _mesh_restart_time(spec: BGPConfigurationSpec, problems: _Problems) -> int | None:
    """Return the mesh's Restart Time; None, the speaker's default, for one that no OPEN can carry."""
    try:
        return read_seconds("spec.nodeMeshMaxRestartTime", spec.node_mesh_max_restart_time, 0, RESTART_TIME_S_MAX)
    except RecordUnusable as problem:
        problems.note(f"{problem}; the speaker's default is used")
        return None


def _cluster_as(spec: BGPConfigurationSpec, problems: _Problems) -> int:
    """Return the cluster's AS number; 64512 for one that no session can have."""
    if spec.as_number is None:
        return DEFAULT_AS_NUMBER
    try:
        return check_as_number("spec.asNumber", spec.as_number)
    except RecordUnusable as problem:
        problems.note(f"{problem}; {DEFAULT_AS_NUMBER} is used")
        return DEFAULT_AS_NUMBER


def _node_settings(spec: BGPConfigurationSpec, cluster: Settings) -> Settings:
    """Return what a node's own record says, and the cluster's where it says nothing."""
    own = spec.ignored_interfaces
    return Settings(
        as_number=cluster.as_number,
        is_mesh_enabled=cluster.is_mesh_enabled,
        listen_port=spec.listen_port or cluster.listen_port,
        bind_mode=spec.bind_mode.value if spec.bind_mode else cluster.bind_mode,
        mesh_password=cluster.mesh_password,
        mesh_restart_time_s=cluster.mesh_restart_time_s,
        ignored_interfaces=cluster.ignored_interfaces if own is None else tuple(sorted(set(own))),
        log_level=spec.log_severity_screen.value if spec.log_severity_screen else cluster.log_level,
    )
