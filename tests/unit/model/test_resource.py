"""What every kind has in common: strictness, messages, ways in and out."""

import pytest

from tortie.model import BGPConfiguration, BGPPeer, IPPool, Node, ResourceInvalid, RouteReflector
from tortie.model.resource import Resource
from tortie.model.scalars import BooleanWord, FloatText, IntegerText


def node(**metadata: object) -> Node:
    return Node.from_data({"metadata": {"name": "n"} | metadata})


def problems(model: type[Resource], data: object) -> list[str]:
    with pytest.raises(ResourceInvalid) as caught:
        model.from_data(data)
    return str(caught.value).splitlines()


def test_round_trip_through_plain_data() -> None:
    data = {
        "apiVersion": "projectcalico.org/v3",
        "kind": "Node",
        "metadata": {"name": "n", "labels": {"rack": "r1"}, "resourceVersion": "7"},
        "spec": {"bgp": {"ipv4Address": "10.0.0.1/24", "asNumber": 64512}},
    }
    assert Node.from_data(data).to_data() == data


def test_empty_labels_are_left_out() -> None:
    assert node(labels={}).to_data()["metadata"] == {"name": "n"}


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("a", "a"),
        (True, "true"),
        (False, "false"),
        (BooleanWord("yes"), "true"),
        (BooleanWord("off"), "false"),
        (IntegerText("010", 10), "010"),
        (FloatText("1.10"), "1.10"),
        (None, ""),
    ],
    ids=["text", "true", "false", "yes", "off", "number", "fraction", "null"],
)
def test_label_values_are_text(written: object, text: str) -> None:
    assert node(labels={"l": written}).labels == {"l": text}


def test_plain_no_is_a_name() -> None:
    assert Node.from_data({"metadata": {"name": BooleanWord("no")}}).name == "no"


def test_null_means_absent() -> None:
    assert node(uid=None, labels=None) == node()
    assert problems(Node, {"metadata": {"name": None}}) == ["Node '(unnamed)': metadata.name: missing, expected a name"]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ([], ["Node '(unnamed)': (document): a list: expected a mapping"]),
        ({}, ["Node '(unnamed)': metadata: missing, expected a mapping with a name"]),
        ({"metadata": 5}, ["Node '(unnamed)': metadata: 5: expected a mapping"]),
        (
            {"metadata": {"name": "n"}, "kind": "BGPPeer"},
            ["Node 'n': kind: 'BGPPeer': expected 'Node'"],
        ),
        (
            {"metadata": {"name": "n"}, "apiVersion": "v2"},
            ["Node 'n': apiVersion: 'v2': expected 'projectcalico.org/v3'"],
        ),
        (
            {"metadata": {"name": "n", "labels": {"a": []}}},
            ["Node 'n': metadata.labels.a: a list: expected text"],
        ),
        (
            {"metadata": {"name": "n", "labels": ["a"]}},
            ["Node 'n': metadata.labels: a list: expected a mapping of names to text"],
        ),
        (
            {"metadata": {"name": "n", "labels": {"": "x"}}},
            ["Node 'n': metadata.labels: a mapping: expected names of 1 to 512 characters"],
        ),
        (
            {"metadata": {"name": "n"}, "spec": {"orchRefs": {}}},
            ["Node 'n': spec.orchRefs: a mapping: expected a list"],
        ),
        (
            {"metadata": {"name": "n"}, "spec": {"orchRefs": [{"nodeName": "x"}]}},
            ["Node 'n': spec.orchRefs[0].orchestrator: missing, expected name of the orchestrator, such as k8s"],
        ),
    ],
    ids=["list", "empty", "metadata", "kind", "apiVersion", "label", "labels", "label-name", "list-field", "missing"],
)
def test_shape_errors(data: object, expected: list[str]) -> None:
    assert problems(Node, data) == expected


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"metadata": {"name": "n"}, "specs": {}}, "specs: .*wrong location: specs .did you mean 'spec'"),
        ({"metadata": {"name": "n", "label": {}}}, "metadata.label: .*did you mean 'labels'"),
        ({"metadata": {"name": "n"}, "spec": {"BGP": {}}}, "spec.BGP: .*did you mean 'bgp'"),
        ({"metadata": {"name": "n"}, "spec": {"bgp": {"asnumber": 1}}}, "spec.bgp.asnumber: .*'asNumber'"),
        ({"metadata": {"name": "n"}, "spec": {"bgp": {"as_number": 1}}}, "spec.bgp.as_number: .*'asNumber'"),
        ({"metadata": {"name": "n"}, "spec": {"interfaces": [{"nam": "a"}]}}, r"interfaces\[0\].nam: .*'name'"),
        ({"metadata": {"name": "n"}, "spec": {"wireguard": {"x": 1}}}, "known here: interfaceIPv4Address, "),
    ],
)
def test_unknown_fields_are_refused_and_the_nearest_is_named(data: object, expected: str) -> None:
    with pytest.raises(ResourceInvalid, match=expected):
        Node.from_data(data)


def test_all_problems_are_told_at_once() -> None:
    data = {"metadata": {"name": "N"}, "spec": {"peerIP": "x", "asNumber": -1, "foo": 1}}
    assert len(problems(BGPPeer, data)) == 4


def test_unknown_fields_can_be_carried_along() -> None:
    data = {"metadata": {"name": "n"}, "spec": {"bgp": {"asNumber": 1, "later": [1]}, "new": "x"}}
    kept = Node.from_data(data, keeps_unknown=True)
    assert kept.to_data()["spec"] == data["spec"]
    changed = kept.with_metadata(uid="u").with_spec(orch_refs=None)
    assert changed.to_data()["spec"] == data["spec"]


def test_with_metadata_replaces_and_unsets() -> None:
    changed = node(labels={"a": "b"}).with_metadata(
        uid="u", resource_version="5", creation_timestamp="2026-01-01T00:00Z"
    )
    assert changed.to_data()["metadata"] == {
        "name": "n",
        "labels": {"a": "b"},
        "uid": "u",
        "resourceVersion": "5",
        "creationTimestamp": "2026-01-01T00:00:00Z",
    }
    assert changed.with_metadata(uid=None).metadata.uid is None


def test_with_metadata_is_judged() -> None:
    with pytest.raises(ResourceInvalid, match=r"Node 'N': metadata.name: 'N'"):
        node().with_metadata(name="N")
    with pytest.raises(ResourceInvalid, match=r"Node 'n': metadata.creationTimestamp: 'x'"):
        node().with_metadata(creation_timestamp="x")
    reflector = RouteReflector.from_data({"metadata": {"name": "10.0.0.1"}, "spec": {"ip": "10.0.0.1"}})
    with pytest.raises(ResourceInvalid, match="the address of the reflector"):
        reflector.with_metadata(name="10.0.0.2")


def test_with_spec_is_judged_as_a_whole() -> None:
    pool = IPPool.from_data({"metadata": {"name": "p"}, "spec": {"cidr": "10.0.0.0/16", "ipipMode": "Always"}})
    assert pool.with_spec(nat_outgoing=True).spec.nat_outgoing
    with pytest.raises(ResourceInvalid, match=r"spec.vxlanMode: 'Always': expected Never where ipipMode is on"):
        pool.with_spec(vxlan_mode="Always")


def test_resources_are_immutable() -> None:
    with pytest.raises(ValueError, match="frozen"):
        node().metadata = node().metadata  # type: ignore[misc]  # the attempt is the test


def test_timestamps_become_utc() -> None:
    assert node(creationTimestamp="2026-01-01T02:00:00+02:00").metadata.creation_timestamp == "2026-01-01T00:00:00Z"


def test_without_defaults() -> None:
    pool = IPPool.from_data({"metadata": {"name": "p"}, "spec": {"cidr": "10.0.0.0/16", "blockSize": 26}})
    assert pool.without_defaults() == {"metadata": {"name": "p"}, "spec": {"cidr": "10.0.0.0/16"}}
    assert BGPConfiguration.from_data({"metadata": {"name": "default"}}).without_defaults()["metadata"] == {
        "name": "default"
    }
