"""Manifests: documents, lists, v1 and v3 together, and errors with file and line."""

import json

import pytest

from tortie.model import ManifestInvalid, ModelError, ResourceInvalid, UnknownKind, load_items, load_manifests

SEED_PEER = """apiVersion: v1
kind: bgpPeer
metadata:
  peerIP: 10.10.31.168
  scope: global
spec:
  asNumber: 64512
"""


def v3_node(name: str) -> dict[str, object]:
    return {"apiVersion": "projectcalico.org/v3", "kind": "Node", "metadata": {"name": name}}


def names(text: str) -> list[str]:
    return [resource.name for resource in load_manifests(text, "f")]


def test_the_seeds_manifest() -> None:
    (item,) = load_items(SEED_PEER, "-")
    assert item.resource.to_data() == {
        "apiVersion": "projectcalico.org/v3",
        "kind": "BGPPeer",
        "metadata": {"name": "10-10-31-168"},
        "spec": {"peerIP": "10.10.31.168", "asNumber": 64512},
    }
    assert (item.is_v1, item.line, item.kind_text) == (True, 1, "bgpPeer")


def test_documents_of_both_versions() -> None:
    text = SEED_PEER + "---\n" + "apiVersion: projectcalico.org/v3\nkind: Node\nmetadata: {name: n}\n"
    items = load_items(text, "f")
    assert [(item.kind_text, item.is_v1, item.line) for item in items] == [("bgpPeer", True, 1), ("Node", False, 9)]


@pytest.mark.parametrize(
    "data",
    [
        [v3_node("a"), v3_node("b")],
        {"kind": "List", "apiVersion": "v1", "items": [v3_node("a"), v3_node("b")]},
        {
            "kind": "NodeList",
            "apiVersion": "projectcalico.org/v3",
            "metadata": {},
            "items": [v3_node("a"), v3_node("b")],
        },
        {"items": [v3_node("a"), [v3_node("b")]]},
        [{"kind": "list", "items": [v3_node("a")]}, v3_node("b")],
    ],
    ids=["list", "List", "NodeList", "items-only", "nested"],
)
def test_lists(data: object) -> None:
    assert names(json.dumps(data)) == ["a", "b"]


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n---\n", "[]", '{"kind": "List", "items": null}'])
def test_nothing(text: str) -> None:
    assert load_manifests(text, "f") == []


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("a: [", ManifestInvalid, "f:1: malformed YAML"),
        ("5", ManifestInvalid, "f:1: 5: expected a resource, a mapping with apiVersion and kind"),
        ("- hello", ManifestInvalid, "f:1: 'hello': expected a resource"),
        ("kind: List\nitems: 5", ManifestInvalid, "f:1: items: 5: expected a list of resources"),
        (
            "kind: Node",
            ResourceInvalid,
            "f:1: resource '(unnamed)': apiVersion: missing, expected projectcalico.org/v3 or v1",
        ),
        (
            "apiVersion: v2\nkind: Node",
            ResourceInvalid,
            "f:1: resource '(unnamed)': apiVersion: 'v2': expected projectcalico.org/v3 or v1",
        ),
        (
            "apiVersion: projectcalico.org/v3\nmetadata: {name: n}",
            ResourceInvalid,
            "f:1: resource 'n': kind: missing, expected the kind of a resource",
        ),
        (
            "apiVersion: projectcalico.org/v3\nkind: [Node]",
            ResourceInvalid,
            "f:2: resource '(unnamed)': kind: a list: expected the kind of a resource",
        ),
        (
            "apiVersion: projectcalico.org/v3\nkind: BGPPere",
            UnknownKind,
            "f:2: resource type 'BGPPere' is not supported (did you mean 'BGPPeer'?)",
        ),
        (
            "apiVersion: projectcalico.org/v3\nkind: bgpPeer",
            UnknownKind,
            "f:2: resource type 'bgpPeer' is not supported (did you mean 'BGPPeer'?)",
        ),
        (
            "apiVersion: v1\nkind: profile",
            UnknownKind,
            "f:2: resource type 'profile' is not supported (known are node, bgpPeer, ipPool)",
        ),
        (
            "apiVersion: v1\nkind: bgpConfiguration",
            UnknownKind,
            "f:2: resource type 'bgpConfiguration' is not supported",
        ),
        (
            "apiVersion: projectcalico.org/v3\nkind: Node\nmetadata:\n  name: n\nspec:\n  bgp:\n    asNumbr: 1\n",
            ResourceInvalid,
            "f:7: Node 'n': spec.bgp.asNumbr: field in document is not recognized or is in the wrong location: "
            "asNumbr (did you mean 'asNumber'?)",
        ),
        (
            SEED_PEER.replace("64512", "4294967296"),
            ResourceInvalid,
            "f:7: bgpPeer '10.10.31.168': spec.asNumber: 4294967296: expected an AS number from 1 to 4294967295",
        ),
        (
            SEED_PEER.replace("10.10.31.168", "10.10.31.568"),
            ResourceInvalid,
            "f:4: bgpPeer '10.10.31.568': metadata.peerIP: '10.10.31.568': expected an IP address",
        ),
    ],
)
def test_errors_name_file_line_object_field_value(text: str, error: type[ModelError], message: str) -> None:
    with pytest.raises(error) as caught:
        load_manifests(text, "f")
    assert str(caught.value).startswith(message)


def test_lines_inside_lists() -> None:
    text = "kind: List\nitems:\n- apiVersion: projectcalico.org/v3\n  kind: Node\n  metadata:\n    name: N\n"
    with pytest.raises(ResourceInvalid, match=r"^f:6: Node 'N': metadata.name: 'N'"):
        load_manifests(text, "f")


def test_yaml_traps() -> None:
    text = """
apiVersion: projectcalico.org/v3
kind: BGPConfiguration
metadata:
  name: default
  labels: {a: yes, b: true, c: 100:5, d: 1.10, e: 007, f: 'yes', g: null}
spec:
  nodeToNodeMeshEnabled: no
  asNumber: 1.10
  communities:
  - {name: on, value: 100:5}
  prefixAdvertisements:
  - {cidr: 10.0.0.0/8, communities: [on, 60:30]}
"""
    (resource,) = load_manifests(text, "f")
    data = resource.to_data()
    assert data["metadata"]["labels"] == {
        "a": "true",
        "b": "true",
        "c": "100:5",
        "d": "1.10",
        "e": "007",
        "f": "yes",
        "g": "",
    }
    assert data["spec"] == {
        "nodeToNodeMeshEnabled": False,
        "asNumber": 65546,
        "communities": [{"name": "on", "value": "100:5"}],
        "prefixAdvertisements": [{"cidr": "10.0.0.0/8", "communities": ["on", "60:30"]}],
    }
