"""Values of the datastore ⇄ resources.

v3 kinds are kept as their JSON, without resourceVersion (that is the datastore's revision). Reflector
records, affinities, blocks, handles and the settings of IPAM are kept in the form that Calico gives them (see
``keys.py``), so that what others wrote can be read and the reverse; these forms have no place for labels or a uid.

Fields that a newer program wrote are carried along and written back. Two functions to know: `to_stored` and
`from_stored`. What it is NOT for: transactions and revisions (``store``).
"""

import json
from typing import Any

from tortie.model.errors import FieldProblem, ResourceInvalid
from tortie.model.ipam_configuration import engine_form, from_engine_form
from tortie.model.keys import (
    REFLECTOR_PREFIX_V4,
    REFLECTOR_PREFIX_V6,
    ParsedKey,
    key_of,
    network_of_name,
    parse_key,
    split_affinity_name,
)
from tortie.model.kinds import KINDS
from tortie.model.resource import API_VERSION, Resource
from tortie.model.secret import HIDDEN


def to_stored(resource: Resource) -> tuple[str, bytes]:
    """Return key and value under which a resource is kept."""
    value = json.dumps(_stored_data(resource), ensure_ascii=False, separators=(",", ":"))
    return key_of(resource), value.encode()


def from_stored(key: str, value: bytes, resource_version: str | None = None) -> Resource:
    """Return the resource that is kept under a key.

    Args:
        key: of the datastore.
        value: what is kept there.
        resource_version: the datastore's revision of it, which values do not hold.

    Raises:
        ResourceInvalid: the key names no resource, or the value cannot be used, or belongs under another key.
    """
    parsed = parse_key(key)
    if parsed is None:
        raise ResourceInvalid("record", key, [FieldProblem("(key)", key, "the key of a resource")])
    data = _json_object(parsed, value)
    spec = _spec_of_special(parsed, data)
    if spec is not None:
        data = {
            "apiVersion": API_VERSION,
            "kind": parsed.kind,
            "metadata": {"name": parsed.name},
            "spec": spec,
        }
    if resource_version is not None and isinstance(metadata := data.get("metadata"), dict):
        metadata["resourceVersion"] = resource_version
    resource = KINDS[parsed.kind].model.from_data(data, keeps_unknown=True)
    _check_key(key, resource)
    return resource


def _stored_data(resource: Resource) -> dict[str, Any]:
    data = resource.stored_data()
    spec: dict[str, Any] = data.get("spec", {})
    match resource.kind:
        case "RouteReflector":
            rest = {name: value for name, value in spec.items() if name not in ("ip", "clusterID")}
            return {"ip": spec["ip"], "cluster_id": spec["clusterID"], **rest}
        case "BlockAffinity":
            return {name: value for name, value in spec.items() if name not in ("node", "cidr", "type")}
        case "IPAMConfiguration":
            return engine_form(spec)
        case "IPAMBlock" | "IPAMHandle":
            return spec
        case _:
            data["metadata"].pop("resourceVersion", None)
            return data


def _spec_of_special(parsed: ParsedKey, value: dict[str, Any]) -> dict[str, Any] | None:
    """Return the spec of a kind with a form of its own; None for the v3 kinds."""
    match parsed.kind:
        case "RouteReflector":
            rest = {name: item for name, item in value.items() if name != "cluster_id"}
            return {"ip": parsed.name, "clusterID": value.get("cluster_id", ""), **rest}
        case "BlockAffinity":
            node, cidr, affinity_type = split_affinity_name(parsed.name)
            return {**value, "node": node, "cidr": cidr, "type": affinity_type}
        case "IPAMConfiguration":
            return from_engine_form(value)
        case "IPAMBlock":
            return {"cidr": network_of_name(parsed.name), **value}
        case "IPAMHandle":
            return {"handleID": parsed.name, **value}
        case _:
            return None


def _json_object(parsed: ParsedKey, value: bytes) -> dict[str, Any]:
    try:
        data = json.loads(value)
    except (ValueError, RecursionError) as error:
        problem = FieldProblem("(value)", str(error), "JSON")
        raise ResourceInvalid(parsed.kind, parsed.name, [problem]) from None
    if not isinstance(data, dict):
        shown = HIDDEN if parsed.kind == "Secret" else data
        raise ResourceInvalid(parsed.kind, parsed.name, [FieldProblem("(value)", shown, "a JSON object")])
    return data


def _check_key(key: str, resource: Resource) -> None:
    """Refuse a value that says it is somebody else's."""
    own_key = key_of(resource)
    if resource.kind == "RouteReflector":
        # An address may be written in several ways: only the family counts here, the model compares names.
        prefix = REFLECTOR_PREFIX_V6 if own_key.startswith(REFLECTOR_PREFIX_V6) else REFLECTOR_PREFIX_V4
        is_own = key.startswith(prefix)
    else:
        is_own = key == own_key
    if not is_own:
        raise ResourceInvalid(resource.kind, resource.name, [FieldProblem("(key)", key, own_key)])
