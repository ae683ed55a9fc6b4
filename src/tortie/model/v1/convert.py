"""The one table of v1 kinds, and conversion by it.

`from_v1` and `to_v1` convert; `merge_v1` puts a v1 manifest over a stored resource without wiping what v1 has
no field for (a v1 `apply` of a node must not take its reflector role away); `lost_in_v1` says what a v1 view
leaves out. What it is NOT for: finding the stored resource (``identity.py``).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tortie.model.base import Model
from tortie.model.bgp_peer import BGPPeer
from tortie.model.errors import FieldProblem, ResourceInvalid, UnknownKind
from tortie.model.fields import as_text
from tortie.model.ip_pool import IPPool
from tortie.model.kinds import KINDS, KindInfo, find_kind
from tortie.model.node import Node
from tortie.model.resource import UNNAMED, Resource
from tortie.model.v1.bgp_peer import V1BGPPeer, bgp_peer_to_v1, bgp_peer_to_v3
from tortie.model.v1.ip_pool import V1IPPool, ip_pool_to_v1, ip_pool_to_v3
from tortie.model.v1.node import V1Node, node_to_v1, node_to_v3
from tortie.model.validation import validated

V1_API_VERSION: Final = "v1"
_COUNTED: Final = ("metadata.labels.", "metadata.annotations.")


@dataclass(frozen=True, slots=True)
class V1Kind:
    """How one v1 kind converts.

    Attributes:
        model: the v1 manifest.
        to_v3: manifest → plain data of the v3 resource, without apiVersion and kind.
        to_v1: v3 resource → plain data of the manifest, without apiVersion and kind.
        identity: field of v1's metadata that stands for a name in messages.
        paths: v3 field → v1 field, of all that v1 can say (dotted).
    """

    model: type[Model]
    to_v3: Callable[[Any], dict[str, Any]]
    to_v1: Callable[[Any], dict[str, Any]]
    identity: str
    paths: Mapping[str, str]


V1_KINDS: Final[dict[str, V1Kind]] = {
    Node.kind_name(): V1Kind(
        V1Node,
        node_to_v3,
        node_to_v1,
        "name",
        {
            "metadata.name": "metadata.name",
            "spec.bgp.asNumber": "spec.bgp.asNumber",
            "spec.bgp.ipv4Address": "spec.bgp.ipv4Address",
            "spec.bgp.ipv6Address": "spec.bgp.ipv6Address",
            "spec.orchRefs": "spec.orchRefs",
        },
    ),
    BGPPeer.kind_name(): V1Kind(
        V1BGPPeer,
        bgp_peer_to_v3,
        bgp_peer_to_v1,
        "peerIP",
        {
            "spec.peerIP": "metadata.peerIP",
            "spec.node": "metadata.node",
            "spec.asNumber": "spec.asNumber",
        },
    ),
    IPPool.kind_name(): V1Kind(
        V1IPPool,
        ip_pool_to_v3,
        ip_pool_to_v1,
        "cidr",
        {
            "spec.cidr": "metadata.cidr",
            "spec.ipipMode": "spec.ipip.mode",
            "spec.natOutgoing": "spec.nat-outgoing",
            "spec.disabled": "spec.disabled",
        },
    ),
}


def find_v1_kind(name: str) -> KindInfo:
    """Return the kind of a v1 manifest: any case, may be plural.

    Raises:
        UnknownKind: v1 has no such kind here.
    """
    known = [info.v1_name for info in KINDS.values() if info.v1_name]
    try:
        info = find_kind(name)
    except UnknownKind:
        raise UnknownKind(name, known) from None
    if info.v1_name is None:
        raise UnknownKind(name, known)
    return info


def from_v1(kind: str, data: Mapping[str, Any]) -> Resource:
    """Return the v3 resource for a v1 manifest.

    Args:
        kind: as `find_v1_kind` knows it.
        data: the manifest.

    Raises:
        UnknownKind: v1 has no such kind here.
        ResourceInvalid: with paths as they stand in the v1 manifest.
    """
    info = find_v1_kind(kind)
    v1_kind = V1_KINDS[info.kind]
    spelled, name = info.message_name, _identity_text(v1_kind, data)
    manifest = validated(v1_kind.model, data, spelled, name)
    try:
        return info.model.from_data(v1_kind.to_v3(manifest))
    except ResourceInvalid as error:
        problems = [
            FieldProblem(v1_kind.paths.get(problem.path, problem.path), problem.value, problem.expected)
            for problem in error.problems
        ]
        raise ResourceInvalid(spelled, name, problems) from None


def to_v1(resource: Resource) -> dict[str, Any]:
    """Return a resource as a v1 manifest, plain data; fields that v1 does not have are left out.

    Raises:
        UnknownKind: v1 has no such kind here.
        ResourceInvalid: v1 cannot say what the resource is (a peer by selector, say).
    """
    info = find_v1_kind(resource.kind)
    data = V1_KINDS[info.kind].to_v1(resource)
    return {"apiVersion": V1_API_VERSION, "kind": info.message_name, **data}


def lost_in_v1(resource: Resource) -> tuple[str, ...]:
    """Return the paths of a resource's fields that v1 has no field for, where they differ from the default.

    Bookkeeping in the metadata does not count, labels and annotations do.
    """
    paths = V1_KINDS[find_v1_kind(resource.kind).kind].paths
    lost = [path for path in _leaves(resource.without_defaults()) if path not in paths]
    return tuple(path for path in lost if not path.startswith("metadata.") or path.startswith(_COUNTED))


def merge_v1(stored: Resource, incoming: Resource) -> Resource:
    """Return `stored` with all that v1 can say taken from `incoming`.

    Args:
        stored: the resource as it is kept; name, labels and what v1 cannot say stay.
        incoming: what a v1 manifest of the same kind and identity described.

    Raises:
        ResourceInvalid: the two do not go together (IPIP over a pool that has VXLAN, say).
    """
    data, new = stored.to_data(), incoming.to_data()
    for path in V1_KINDS[find_v1_kind(stored.kind).kind].paths:
        if path.startswith("spec."):
            _set_path(data, path.split("."), _value_at(new, path.split(".")))
    return type(stored).from_data(data, keeps_unknown=True)


def _identity_text(v1_kind: V1Kind, data: Mapping[str, Any]) -> str:
    metadata = data.get("metadata")
    value = metadata.get(v1_kind.identity) if isinstance(metadata, Mapping) else None
    return as_text(value) if isinstance(value, str | int | float) else UNNAMED


def _leaves(data: Mapping[str, object], prefix: str = "") -> list[str]:
    """Return the path of each value that is not a mapping."""
    leaves: list[str] = []
    for name, value in data.items():
        path = f"{prefix}{name}"
        leaves.extend(_leaves(value, f"{path}.") if isinstance(value, Mapping) else [path])
    return leaves


def _value_at(data: object, steps: list[str]) -> object:
    for step in steps:
        data = data.get(step) if isinstance(data, Mapping) else None
    return data


def _set_path(data: dict[str, Any], steps: list[str], value: object) -> None:
    """Set a value below mappings made as needed; None removes it, and mappings left empty with it."""
    *parents, last = steps
    holder = data
    for step in parents:
        holder = holder.setdefault(step, {})
    if value is not None:
        holder[last] = value
        return
    holder.pop(last, None)
    if not holder and len(parents) > 1:
        _set_path(data, parents, None)
