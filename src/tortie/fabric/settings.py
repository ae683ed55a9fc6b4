"""BGPConfiguration in force: the cluster's (`default`) and each node's (`node.<name>`).

Here one bad value takes out itself, not the record: a `default` that says "mesh off" must not turn the
mesh on because its AS number is wrong. What it is NOT for: the names of `calicoctl config`
(``tortie.model``). Structure to know: `AllSettings`.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from tortie.fabric.addresses import prefix_key
from tortie.fabric.annotations import read_add_path, read_families
from tortie.fabric.intent import RESTART_TIME_S_MAX, Quarantined, SecretReference
from tortie.fabric.options import FAMILIES_ANNOTATION, annotation_path
from tortie.fabric.quarantine import RecordUnusable, unusable
from tortie.fabric.reading import check_as_number, read_password, read_seconds
from tortie.fabric.records import Settings
from tortie.model import DEFAULT_AS_NUMBER, DEFAULT_NAME, BGPConfiguration, BGPConfigurationSpec

T = TypeVar("T")

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
        cluster = _cluster_settings(usable[DEFAULT_NAME], problems)
    by_node = {
        item.node_name: _node_settings(item, cluster, problems)
        for item in usable.values()
        if item.node_name is not None
    }
    is_default_usable = all(item.name != DEFAULT_NAME for item in problems.found)
    return AllSettings(cluster, by_node, is_default_usable), frozenset(problems.found)


class _Problems:
    """Values that cannot be used, of the cluster's record where no other is named."""

    def __init__(self) -> None:
        self.found: set[Quarantined] = set()

    def note(self, reason: str, name: str = DEFAULT_NAME) -> None:
        self.found.add(Quarantined("BGPConfiguration", name, reason))


def _cluster_settings(configuration: BGPConfiguration, problems: _Problems) -> Settings:
    spec, annotations = configuration.spec, configuration.metadata.annotations
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
        families=_annotated(read_families, annotations, problems, DEFAULT_NAME),
        add_path=_annotated(read_add_path, annotations, problems, DEFAULT_NAME) or DEFAULT_SETTINGS.add_path,
        advertisements=_advertisements(spec),
    )


def _advertisements(spec: BGPConfigurationSpec) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return which communities go with which networks; names are those of the same record (reference E6: 4)."""
    values = {each.name: each.value for each in spec.communities or ()}
    found: dict[str, set[str]] = {}
    for each in spec.prefix_advertisements or ():
        found.setdefault(each.cidr, set()).update(values.get(name, name) for name in each.communities)
    return tuple((cidr, tuple(sorted(found[cidr], key=_numbers))) for cidr in sorted(found, key=prefix_key))


def _numbers(community: str) -> tuple[int, ...]:
    return tuple(int(part) for part in community.split(":"))


def _annotated(
    read: Callable[[Mapping[str, str]], T | None], annotations: Mapping[str, str], problems: _Problems, name: str
) -> T | None:
    """Return what an annotation says; a bad value takes out itself: it says nothing."""
    try:
        return read(annotations)
    except RecordUnusable as problem:
        problems.note(f"{problem}; it is as if there were no such annotation", name)
        return None


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


def _node_settings(configuration: BGPConfiguration, cluster: Settings, problems: _Problems) -> Settings:
    """Return what a node's own record says, and the cluster's where it says nothing.

    Which families a session carries both ends have to know: a node cannot say so for itself.
    """
    spec, annotations = configuration.spec, configuration.metadata.annotations
    if FAMILIES_ANNOTATION in annotations:
        path, value = annotation_path(FAMILIES_ANNOTATION), annotations[FAMILIES_ANNOTATION]
        reason = f"{unusable(path, value, 'nothing: only the default and BGPPeers can say it')}"
        problems.note(reason, configuration.name)
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
        families=cluster.families,
        add_path=_annotated(read_add_path, annotations, problems, configuration.name) or cluster.add_path,
        advertisements=_advertisements(spec) or cluster.advertisements,
    )
