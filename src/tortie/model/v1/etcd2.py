"""The document's generation of datastore keys (etcd v2, Calico v1 and v2) → resources of today.

`from_etcd2` takes every key of a dump and says what each became: a resource, part of one, something that is of no
use here, or a problem. Nothing is lost without a word. Names are those that calicoctl's ``convert`` gives. What it
is NOT for: reading a dump's text (``dump.py``), writing (``change``). Reference B.

One row of `_READERS` is one sort of key. Structure to know: `ImportedDump`.
"""

import ipaddress
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import unquote

from tortie.model.bgp_configuration import DEFAULT_NAME
from tortie.model.config_names import IPIP_ANNOTATION, configuration_name
from tortie.model.errors import FieldProblem, ResourceInvalid
from tortie.model.ipam_configuration import IPAM_CONFIGURATION_NAME, from_engine_form
from tortie.model.keys import affinity_name, network_name
from tortie.model.kinds import KINDS
from tortie.model.resource import API_VERSION, Resource
from tortie.model.v1.names import node_name, peer_name, pool_name
from tortie.model.workload_endpoint import DEFAULT_NAMESPACE, WorkloadEndpointSpec, workload_endpoint_name

__all__ = ["ImportedDump", "PassedOver", "from_etcd2"]

HOST_STEP: Final = 5
"""Where a host's name stands among the steps of /calico/bgp/v1/host/<name>/..."""

Identity = tuple[str, str | None, str]
"""Kind, namespace, name."""


@dataclass(frozen=True, slots=True)
class PassedOver:
    """A key that became nothing, and why."""

    key: str
    reason: str


@dataclass(frozen=True, slots=True)
class ImportedDump:
    """What a dump holds.

    Attributes:
        resources: sorted by kind, then name.
        passed_over: keys that decide nothing here.
        problems: keys that should have become something and cannot be used.
    """

    resources: tuple[Resource, ...]
    passed_over: tuple[PassedOver, ...]
    problems: tuple[PassedOver, ...]


@dataclass(slots=True)
class _Draft:
    """A resource in the making: plain data, and the keys that it comes from."""

    metadata: dict[str, Any]
    spec: dict[str, Any]
    keys: list[str] = field(default_factory=list)


class _Unusable(Exception):
    """A key's value cannot be used; its text is the reason."""


class _Drafts:
    """All resources in the making; several keys make one."""

    def __init__(self) -> None:
        self.by_identity: dict[Identity, _Draft] = {}

    def of(self, key: str, kind: str, name: str, namespace: str | None = None) -> _Draft:
        """Return the draft of a resource that a key is part of."""
        metadata = {"name": name} if namespace is None else {"name": name, "namespace": namespace}
        draft = self.by_identity.setdefault((kind, namespace, name), _Draft(metadata, {}))
        draft.keys.append(key)
        return draft

    def default(self, key: str) -> _Draft:
        """Return the draft of the cluster's settings."""
        return self.of(key, "BGPConfiguration", DEFAULT_NAME)


Reader = Callable[[_Drafts, str, Sequence[str], str], None]
"""(drafts, key, what the pattern's groups matched, value); raises `_Unusable`."""


def from_etcd2(keys: Mapping[str, str]) -> ImportedDump:
    """Return what the keys of an etcd v2 store mean.

    Args:
        keys: key → value, in any order.
    """
    drafts = _Drafts()
    passed_over: list[PassedOver] = []
    problems: list[PassedOver] = []
    for key in sorted(keys):
        try:
            reason = _read(drafts, key, keys[key])
        except _Unusable as error:
            problems.append(PassedOver(key, str(error)))
        else:
            if reason is not None:
                passed_over.append(PassedOver(key, reason))
    _complete_nodes(drafts, keys)
    resources = _resources(drafts, problems)
    return ImportedDump(resources, tuple(passed_over), tuple(sorted(problems, key=lambda item: item.key)))


def _read(drafts: _Drafts, key: str, value: str) -> str | None:
    """Put one key where it belongs; return why it is passed over, or None."""
    for pattern, reader in _READERS:
        if match := pattern.fullmatch(key):
            reader(drafts, key, match.groups(), value)
            return None
    return next((reason for pattern, reason in _PASSED_OVER if pattern.match(key)), "no key of Calico's that we know")


def _resources(drafts: _Drafts, problems: list[PassedOver]) -> tuple[Resource, ...]:
    found: list[Resource] = []
    for (kind, _, name), draft in sorted(drafts.by_identity.items(), key=lambda item: (item[0][0], item[0][2])):
        data = {"apiVersion": API_VERSION, "kind": kind, "metadata": draft.metadata, "spec": draft.spec}
        try:
            found.append(KINDS[kind].model.from_data(data))
        except ResourceInvalid as error:
            text = "; ".join(problem.text() for problem in error.problems)
            problems.append(PassedOver(", ".join(draft.keys), f"{kind} '{name}': {text}"))
    return tuple(found)


def _complete_nodes(drafts: _Drafts, keys: Mapping[str, str]) -> None:
    """Give each node's addresses the length of its subnet, where a dump has that."""
    for (kind, _, _), draft in drafts.by_identity.items():
        if kind == "Node":
            for version, path in (("4", "ipv4Address"), ("6", "ipv6Address")):
                address = draft.spec["bgp"].get(path)
                host = draft.keys[0].split("/")[HOST_STEP]
                _, slash, length = keys.get(f"{_BGP}host/{host}/network_v{version}", "").rpartition("/")
                if address and slash:
                    draft.spec["bgp"][path] = f"{address}/{length}"


# ---------------------------------------------------------------- settings


def _global_as(drafts: _Drafts, key: str, _: Sequence[str], value: str) -> None:
    drafts.default(key).spec["asNumber"] = value


def _mesh(drafts: _Drafts, key: str, _: Sequence[str], value: str) -> None:
    enabled = _object(value).get("enabled")
    if not isinstance(enabled, bool):
        raise _Unusable(FieldProblem("enabled", enabled, "true or false").text())
    drafts.default(key).spec["nodeToNodeMeshEnabled"] = enabled


def _log_level(drafts: _Drafts, key: str, groups: Sequence[str], value: str) -> None:
    node = node_name(groups[0]) if groups else None
    draft = drafts.of(key, "BGPConfiguration", configuration_name(node))
    draft.spec["logSeverityScreen"] = {"critical": "fatal"}.get(value, value)


def _ipip(drafts: _Drafts, key: str, _: Sequence[str], value: str) -> None:
    drafts.default(key).metadata.setdefault("annotations", {})[IPIP_ANNOTATION] = value.lower()


# ---------------------------------------------------------------- speakers and peers


def _node(drafts: _Drafts, key: str, host: str) -> _Draft:
    name = node_name(host)
    draft = drafts.of(key, "Node", name)
    draft.spec.setdefault("bgp", {})
    first = draft.keys[0].split("/")[HOST_STEP]
    if first != host:
        draft.keys.pop()
        raise _Unusable(f"host {host!r}: expected another name than {first!r}: both become node {name!r}")
    return draft


def _node_address(drafts: _Drafts, key: str, groups: Sequence[str], value: str) -> None:
    draft = _node(drafts, key, groups[0])
    if value:
        draft.spec["bgp"][f"ipv{groups[1]}Address"] = value


def _node_network(_drafts: _Drafts, _key: str, _groups: Sequence[str], value: str) -> None:
    """Check the subnet; it becomes the length of the node's address (`_complete_nodes`)."""
    try:
        ipaddress.ip_network(value)
    except ValueError:
        if value:
            raise _Unusable(f"{value!r}: expected a subnet such as 10.0.0.0/24") from None


def _node_as(drafts: _Drafts, key: str, groups: Sequence[str], value: str) -> None:
    draft = _node(drafts, key, groups[0])
    if value:
        draft.spec["bgp"]["asNumber"] = value


def _peer(drafts: _Drafts, key: str, groups: Sequence[str], value: str) -> None:
    *hosts, address = groups
    node = node_name(hosts[0]) if hosts else None
    data = _object(value)
    try:
        name = peer_name(address, node)
    except ValueError:
        raise _Unusable(f"{address!r}: expected an IP address at the end of the key") from None
    draft = drafts.of(key, "BGPPeer", name)
    draft.spec |= {"peerIP": data.get("ip", address), "asNumber": data.get("as_num")}
    if node:
        draft.spec["node"] = node


def _reflector(drafts: _Drafts, key: str, groups: Sequence[str], value: str) -> None:
    data = _object(value)
    draft = drafts.of(key, "RouteReflector", groups[0])
    draft.spec |= {"ip": data.get("ip", groups[0]), "clusterID": data.get("cluster_id", "")}


# ---------------------------------------------------------------- addresses


def _pool(drafts: _Drafts, key: str, groups: Sequence[str], value: str) -> None:
    data = _object(value)
    cidr = _cidr(groups[0])
    modes = {"always": "Always", "cross-subnet": "CrossSubnet"}
    mode = modes.get(str(data.get("ipip_mode") or "always"), str(data.get("ipip_mode")))
    draft = drafts.of(key, "IPPool", pool_name(cidr))
    draft.spec |= {
        "cidr": cidr,
        "ipipMode": mode if data.get("ipip") else "Never",
        "natOutgoing": data.get("masquerade", False),
        "disabled": data.get("disabled", False) or not data.get("ipam", True),
    }


def _affinity(drafts: _Drafts, key: str, groups: Sequence[str], value: str) -> None:
    cidr = _cidr(groups[1])
    data = _object(value or "{}")
    node = node_name(groups[0])
    draft = drafts.of(key, "BlockAffinity", affinity_name(node, cidr))
    draft.spec |= {"node": node, "cidr": cidr, "state": data.get("state") or "confirmed"}
    draft.spec |= {"deleted": data["deleted"]} if "deleted" in data else {}


def _block(drafts: _Drafts, key: str, groups: Sequence[str], value: str) -> None:
    data = _object(value)
    cidr = _cidr(groups[0])
    affinity = data.get("affinity")
    if isinstance(affinity, str) and affinity.startswith("host:"):
        affinity = f"host:{node_name(affinity.removeprefix('host:'))}"
    known: dict[str, Any] = {name: data[name] for name in ("allocations", "unallocated", "attributes") if name in data}
    draft = drafts.of(key, "IPAMBlock", network_name(cidr))
    draft.spec |= {"cidr": cidr, "affinity": affinity, "strictAffinity": data.get("strictAffinity"), **known}


def _handle(drafts: _Drafts, key: str, groups: Sequence[str], value: str) -> None:
    data = _object(value)
    drafts.of(key, "IPAMHandle", groups[0]).spec |= {"handleID": groups[0], "block": data.get("block", {})}


def _ipam_configuration(drafts: _Drafts, key: str, _groups: Sequence[str], value: str) -> None:
    drafts.of(key, "IPAMConfiguration", IPAM_CONFIGURATION_NAME).spec |= from_engine_form(_object(value))


def _workload(drafts: _Drafts, key: str, groups: Sequence[str], value: str) -> None:
    host, orchestrator, workload, endpoint = groups[0], *(unquote(part) for part in groups[1:])
    data = _object(value)
    namespace, pod = DEFAULT_NAMESPACE, None
    if orchestrator == "k8s" and "." in workload:
        namespace, _, pod = workload.partition(".")
    spec: dict[str, Any] = {
        "node": node_name(host),
        "orchestrator": orchestrator,
        "workload": workload,
        "endpoint": endpoint,
        "ipNetworks": [*(data.get("ipv4_nets") or ()), *(data.get("ipv6_nets") or ())],
        "interfaceName": data.get("name"),
        "mac": data.get("mac"),
        "profiles": data.get("profile_ids"),
    }
    if pod is not None:
        spec |= {"pod": pod, "workload": None}
    elif orchestrator == "cni":
        spec |= {"containerID": workload, "workload": None}
    given = {name: item for name, item in spec.items() if item is not None}
    parts = WorkloadEndpointSpec.model_construct(
        node=spec["node"], orchestrator=orchestrator, workload=workload, container_id=workload, pod=pod or workload,
        endpoint=endpoint,
    )  # fmt: skip
    name = re.sub("[^-.a-z0-9]+", "-", workload_endpoint_name(parts).lower())
    draft = drafts.of(key, "WorkloadEndpoint", name, namespace)
    draft.spec |= given
    if isinstance(data.get("labels"), dict):
        draft.metadata["labels"] = data["labels"]


def _object(value: str) -> dict[str, Any]:
    try:
        data = json.loads(value)
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        raise _Unusable(f"{value[:80]!r}: expected a JSON object")
    return data


def _cidr(text: str) -> str:
    """Return a network of a key, where ``/`` stands as ``-`` (and in IPv6 and some dumps ``.`` and ``:`` too)."""
    address, _, length = text.rpartition("-")
    if re.fullmatch(r"\d+(-\d+){3}", address):
        address = address.replace("-", ".")
    elif "-" in address:
        address = address.replace("-", ":")
    try:
        return str(ipaddress.ip_network(f"{address}/{length}"))
    except ValueError:
        raise _Unusable(f"{text!r}: expected a network such as 192.168.0.0-26 in the key") from None


# ---------------------------------------------------------------- which key is what

_BGP: Final = "/calico/bgp/v1/"
_HOST: Final = "/calico/v1/host/"

_READERS: Final[tuple[tuple[re.Pattern[str], Reader], ...]] = tuple(
    (re.compile(pattern), reader)
    for pattern, reader in (
        (rf"{_BGP}global/as_num", _global_as),
        (rf"{_BGP}global/node_mesh", _mesh),
        (rf"{_BGP}global/loglevel", _log_level),
        (rf"{_BGP}host/([^/]+)/loglevel", _log_level),
        (r"/calico/v1/config/IpInIpEnabled", _ipip),
        (rf"{_BGP}host/([^/]+)/ip_addr_v([46])", _node_address),
        (rf"{_BGP}host/([^/]+)/network_v([46])", _node_network),
        (rf"{_BGP}host/([^/]+)/as_num", _node_as),
        (rf"{_BGP}global/peer_v[46]/([^/]+)", _peer),
        (rf"{_BGP}host/([^/]+)/peer_v[46]/([^/]+)", _peer),
        (rf"{_BGP}rr_v[46]/([^/]+)", _reflector),
        (r"/calico/v1/ipam/v[46]/pool/([^/]+)", _pool),
        (r"/calico/ipam/v2/host/([^/]+)/ipv[46]/block/([^/]+)", _affinity),
        (r"/calico/ipam/v2/assignment/ipv[46]/block/([^/]+)", _block),
        (r"/calico/ipam/v2/handle/([^/]+)", _handle),
        (r"/calico/ipam/v2/config", _ipam_configuration),
        (rf"{_HOST}([^/]+)/workload/([^/]+)/([^/]+)/endpoint/([^/]+)", _workload),
    )
)

_PASSED_OVER: Final[tuple[tuple[re.Pattern[str], str], ...]] = tuple(
    (re.compile(pattern), reason)
    for pattern, reason in (
        (rf"{_BGP}global/custom_filters/", "a filter in BIRD's language: write it as a BGPFilter"),
        (rf"{_HOST}[^/]+/(metadata|config|bird_ip)", "of Felix and calico/node: each agent finds this out by itself"),
        (rf"{_HOST}[^/]+/endpoint/", "a host endpoint: there is no policy here"),
        (r"/calico/v1/(policy|config|Ready)", "of Felix: there is no policy here"),
        (r"/calico/felix/", "of Felix: there is no policy here"),
        (r"/calico/", "decides nothing about routes here"),
    )
)
