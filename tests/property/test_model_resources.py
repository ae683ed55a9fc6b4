"""Resources: the datastore gives back what was put in, garbage never gets past ModelError."""

import json
from collections.abc import Callable
from ipaddress import IPv6Address
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tortie.model import (
    KINDS,
    BGPPeer,
    BlockAffinity,
    IPPool,
    ModelError,
    Node,
    Resource,
    ResourceInvalid,
    RouteReflector,
    from_stored,
    load_manifests,
    parse_key,
    to_stored,
)
from tortie.model.fields import Expected, parse_as_number
from tortie.model.v1 import from_v1, identity_of, merge_v1, to_v1

NAMES = st.from_regex(r"[a-z0-9]([-a-z0-9]{0,8}[a-z0-9])?(\.[a-z0-9]{1,5})?", fullmatch=True)
LABELS = st.dictionaries(st.from_regex(r"[a-z]{1,5}", fullmatch=True), st.text(max_size=8), max_size=3)
AS_NUMBERS = st.integers(1, 2**32 - 1)
V4 = st.integers(0x01000000, 0xDFFFFFFF).map(lambda value: ".".join(str(octet) for octet in value.to_bytes(4, "big")))
V6 = st.integers(1, 2**128 - 1).map(lambda value: str(IPv6Address(value)))
ADDRESSES = st.one_of(V4, V6)
CLUSTER_IDS = st.integers(1, 2**32 - 1).map(lambda value: ".".join(str(octet) for octet in value.to_bytes(4, "big")))
BLOCKS = st.one_of(
    st.integers(0, 2**16 - 1).map(lambda value: f"10.{value >> 8}.{value & 255}.0/24"),
    st.integers(0, 2**16 - 1).map(lambda value: f"fd00:{value:x}::/64" if value else "fd00::/64"),
)


@st.composite
def nodes(draw: st.DrawFn) -> Resource:
    bgp = {
        "asNumber": draw(AS_NUMBERS),
        "ipv4Address": f"{draw(V4)}/{draw(st.integers(0, 32))}",
        "ipv6Address": draw(V6),
        "routeReflectorClusterID": draw(CLUSTER_IDS),
    }
    chosen = draw(st.sets(st.sampled_from(sorted(bgp)), min_size=1))
    spec = {"bgp": {name: bgp[name] for name in sorted(chosen)}}
    return Node.from_data({"metadata": {"name": draw(NAMES), "labels": draw(LABELS)}, "spec": spec})


@st.composite
def peers(draw: st.DrawFn) -> Resource:
    spec: dict[str, Any] = {"peerIP": draw(ADDRESSES), "asNumber": draw(AS_NUMBERS)}
    if draw(st.booleans()):
        spec["node"] = draw(NAMES)
    return BGPPeer.from_data({"metadata": {"name": draw(NAMES)}, "spec": spec})


@st.composite
def pools(draw: st.DrawFn) -> Resource:
    cidr = draw(BLOCKS)
    modes = ["Never"] if ":" in cidr else ["Never", "Always", "CrossSubnet"]
    spec = {
        "cidr": cidr,
        "ipipMode": draw(st.sampled_from(modes)),
        "natOutgoing": draw(st.booleans()),
        "disabled": draw(st.booleans()),
    }
    return IPPool.from_data({"metadata": {"name": draw(NAMES)}, "spec": spec})


@st.composite
def reflectors(draw: st.DrawFn) -> Resource:
    ip = draw(ADDRESSES)
    spec = {"ip": ip, "clusterID": draw(st.one_of(st.just(""), CLUSTER_IDS))}
    return RouteReflector.from_data({"metadata": {"name": ip}, "spec": spec})


@st.composite
def affinities(draw: st.DrawFn) -> Resource:
    spec = {
        "node": draw(NAMES),
        "cidr": draw(BLOCKS),
        "state": draw(st.sampled_from(["", "confirmed", "pending", "pendingDeletion"])),
        "type": draw(st.sampled_from(["host", "virtual"])),
    }
    return BlockAffinity.from_data({"metadata": {"name": "x"}, "spec": spec})


RESOURCES = st.one_of(nodes(), peers(), pools(), reflectors())
V1_RESOURCES = st.one_of(nodes(), peers(), pools())


@given(RESOURCES)
def test_stored_and_read_is_the_same(resource: Resource) -> None:
    key, value = to_stored(resource)
    assert from_stored(key, value) == resource
    parsed = parse_key(key)
    assert parsed is not None
    assert (parsed.kind, parsed.name) == (resource.kind, resource.name)


@given(affinities())
def test_affinities_keep_all_but_their_name(affinity: Resource) -> None:
    key, value = to_stored(affinity)
    read = from_stored(key, value)
    assert read.spec == affinity.spec
    assert to_stored(read) == (key, value)


@given(RESOURCES)
def test_json_and_yaml_manifests_give_it_back(resource: Resource) -> None:
    data = resource.to_data()
    assert load_manifests(json.dumps(data), "f") == [resource]
    assert load_manifests(yaml.safe_dump(data), "f") == [resource]


@given(V1_RESOURCES)
def test_v1_form_comes_back_and_keeps_the_identity(resource: Resource) -> None:
    manifest = to_v1(resource)
    again = from_v1(manifest["kind"], manifest)
    assert to_v1(again) == manifest
    assert identity_of(again) == identity_of(resource)
    assert merge_v1(resource, again) == resource


@given(AS_NUMBERS)
def test_as_numbers_in_all_forms(number: int) -> None:
    assert parse_as_number(number) == parse_as_number(str(number)) == number
    assert parse_as_number(f"{number >> 16}.{number & 65535}") == number


@given(st.text(st.sampled_from("0123456789. -+_x"), max_size=12))
def test_other_text_is_no_as_number(text: str) -> None:
    try:
        number = parse_as_number(text)
    except Expected:
        return
    assert 1 <= number < 2**32
    assert text.replace(".", "").isdigit()


FIELDS = ["metadata", "spec", "name", "labels", "bgp", "peerIP", "cidr", "asNumber", "communities", "items", "kind"]
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), FLOATS, st.text(max_size=5)),
    lambda children: st.one_of(
        st.lists(children, max_size=3),
        st.dictionaries(st.sampled_from(FIELDS), children, max_size=4),
    ),
    max_leaves=12,
)


def error_of(call: Callable[[], object]) -> ModelError | None:
    """Return the error that our own tree has for it, None where there is none; any other comes through."""
    try:
        call()
    except ModelError as error:
        return error
    return None


@given(JSON, st.sampled_from(sorted(KINDS)))
def test_any_data_is_a_resource_or_says_what_is_wrong(data: object, kind: str) -> None:
    model = KINDS[kind].model
    error = error_of(lambda: model.from_data(data))
    if error is None:
        resource = model.from_data(data)
        assert model.from_data(resource.to_data()) == resource
    else:
        assert isinstance(error, ResourceInvalid)
        assert error.problems
        assert all(problem.expected for problem in error.problems)
        assert "ydantic" not in str(error)


@given(JSON, st.sampled_from(["v1", "projectcalico.org/v3"]), st.sampled_from([*sorted(KINDS), "bgpPeer", "node"]))
def test_any_manifest_is_resources_or_a_model_error(data: object, version: str, kind: str) -> None:
    if isinstance(data, dict):
        data = data | {"apiVersion": version, "kind": kind}
    text = json.dumps(data)
    error = error_of(lambda: load_manifests(text, "f"))
    assert error is None or str(error).startswith("f")


@given(st.text(st.sampled_from("ab:-[]{}&*!|>'\"\n\t #?,%@"), max_size=60))
def test_any_text_is_resources_or_a_model_error(text: str) -> None:
    error = error_of(lambda: load_manifests(text, "f"))
    assert error is None or str(error).startswith("f")


@given(st.binary(max_size=60), st.sampled_from(["nodes/n", "bgppeers/p"]))
def test_any_stored_value_is_a_resource_or_a_model_error(value: bytes, key: str) -> None:
    with pytest.raises(ResourceInvalid):
        from_stored(f"/calico/resources/v3/projectcalico.org/{key}", value)
