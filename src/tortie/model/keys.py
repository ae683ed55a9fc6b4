"""Where resources are kept: datastore keys of each kind, both ways.

v3 resources: ``/calico/resources/v3/projectcalico.org/<plural>/[<namespace>/]<name>``. Some kinds keep the
keys that Calico gives them: reflector records ``/calico/bgp/v1/rr_v4/<ip>`` (and ``rr_v6``), affinities
``/calico/ipam/v2/host/<node>/ipv4/block/<cidr with ->``, blocks, handles and settings below ``/calico/ipam/v2``.
Secrets stand apart, ``/tortie/secrets/<name>``, so that a datastore can keep them from those who may read the rest.

Three functions to know: `resource_key` (from a name), `key_of` (from a resource), `parse_key` (back). What
it is NOT for: the values that stand there (``stored.py``).
"""

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from tortie.model.block_affinity import BlockAffinity
from tortie.model.errors import FieldProblem, ResourceInvalid
from tortie.model.ipam_configuration import IPAM_CONFIGURATION_NAME
from tortie.model.kinds import KINDS, find_kind
from tortie.model.resource import Resource

RESOURCES_PREFIX: Final = "/calico/resources/v3/projectcalico.org/"
REFLECTOR_PREFIX_V4: Final = "/calico/bgp/v1/rr_v4/"
REFLECTOR_PREFIX_V6: Final = "/calico/bgp/v1/rr_v6/"
IPAM_PREFIX: Final = "/calico/ipam/v2/"
AFFINITY_PREFIX: Final = "/calico/ipam/v2/host/"
VIRTUAL_AFFINITY_PREFIX: Final = "/calico/ipam/v2/virtual/"
BLOCK_PREFIX: Final = "/calico/ipam/v2/assignment/"
HANDLE_PREFIX: Final = "/calico/ipam/v2/handle/"
IPAM_CONFIGURATION_KEY: Final = "/calico/ipam/v2/config"
"""The one key of IPAMConfiguration: where Calico's address manager reads it, not where its v3 resource would stand."""
SECRET_PREFIX: Final = "/tortie/secrets/"
"""Not below /calico/: who may read all of that (calicoctl, an API, a graph of the network) has no business here."""

_PREFIX_BEFORE_NAME: Final = {"IPAMHandle": HANDLE_PREFIX, "Secret": SECRET_PREFIX}
_KIND_BY_PLURAL: Final = {info.plural: kind for kind, info in KINDS.items()}
_AFFINITY_KEY = re.compile(r"/calico/ipam/v2/(host|virtual)/([^/]+)/ipv([46])/block/([^/]+)")
_BLOCK_KEY = re.compile(r"/calico/ipam/v2/assignment/ipv([46])/block/([^/]+)")
_AFFINITY_NAME_V4 = re.compile(r"(?P<node>.+)-(?P<network>\d+(-\d+){4})(?P<virtual>-virtual)?")
_AFFINITY_NAME_V6 = re.compile(r"(?P<node>.+?)-(?P<network>([0-9a-f]{4}-){8}\d+)(?P<virtual>-virtual)?")


@dataclass(frozen=True, slots=True)
class ParsedKey:
    """What a key says: the kind, the name, and the namespace where the kind has one."""

    kind: str
    name: str
    namespace: str | None = None


def resource_key(kind: str, name: str, namespace: str | None = None) -> str:
    """Return the key of a resource.

    Args:
        kind: any spelling that `find_kind` knows.
        name: the resource's name: for a RouteReflector its address, for an affinity and a block the name that
            `affinity_name` and `network_name` make.
        namespace: for namespaced kinds; None means ``default``.

    Raises:
        UnknownKind: no such kind.
        ResourceInvalid: the name cannot name a resource of this kind.
    """
    info = find_kind(kind)
    if info.kind in _KEY_OF_NAME:
        return _KEY_OF_NAME[info.kind](name)
    if info.kind in _PREFIX_BEFORE_NAME:
        return _PREFIX_BEFORE_NAME[info.kind] + name
    if info.is_namespaced:
        return f"{RESOURCES_PREFIX}{info.plural}/{namespace or 'default'}/{name}"
    return f"{RESOURCES_PREFIX}{info.plural}/{name}"


def key_of(resource: Resource) -> str:
    """Return the key of a resource; an affinity's goes by its spec, whatever its name."""
    if isinstance(resource, BlockAffinity):
        return affinity_key(resource.spec.node, resource.spec.cidr, resource.spec.type)
    return resource_key(resource.kind, resource.name, resource.namespace)


def kind_prefixes(kind: str) -> tuple[str, ...]:
    """Return the prefixes below which all resources of a kind stand (each ends with ``/``, or is the only key)."""
    info = find_kind(kind)
    special = {
        "RouteReflector": (REFLECTOR_PREFIX_V4, REFLECTOR_PREFIX_V6),
        "BlockAffinity": (AFFINITY_PREFIX, VIRTUAL_AFFINITY_PREFIX),
        "IPAMConfiguration": (IPAM_CONFIGURATION_KEY,),
        "IPAMBlock": (BLOCK_PREFIX,),
        "IPAMHandle": (HANDLE_PREFIX,),
        "Secret": (SECRET_PREFIX,),
    }
    return special.get(info.kind, (f"{RESOURCES_PREFIX}{info.plural}/",))


def parse_key(key: str) -> ParsedKey | None:
    """Return what a key names, or None if it is not a resource's key."""
    if key.startswith(RESOURCES_PREFIX):
        return _parse_v3_key(key.removeprefix(RESOURCES_PREFIX).split("/"))
    for prefix in (REFLECTOR_PREFIX_V4, REFLECTOR_PREFIX_V6):
        if key.startswith(prefix) and "/" not in (ip := key.removeprefix(prefix)) and ip:
            return ParsedKey("RouteReflector", ip)
    if key.startswith(SECRET_PREFIX) and "/" not in (name := key.removeprefix(SECRET_PREFIX)) and name:
        return ParsedKey("Secret", name)
    if key.startswith(HANDLE_PREFIX) and len(key) > len(HANDLE_PREFIX):
        return ParsedKey("IPAMHandle", key.removeprefix(HANDLE_PREFIX))
    return _parse_ipam_key(key)


def _parse_v3_key(parts: list[str]) -> ParsedKey | None:
    kind = _KIND_BY_PLURAL.get(parts[0])
    if kind is None or "" in parts:
        return None
    if KINDS[kind].is_namespaced:
        return ParsedKey(kind, parts[2], parts[1]) if len(parts) == 3 else None  # noqa: PLR2004 - plural/ns/name
    return ParsedKey(kind, parts[1]) if len(parts) == 2 else None  # noqa: PLR2004 - plural/name


def _parse_ipam_key(key: str) -> ParsedKey | None:
    if key == IPAM_CONFIGURATION_KEY:
        return ParsedKey("IPAMConfiguration", IPAM_CONFIGURATION_NAME)
    if match := _AFFINITY_KEY.fullmatch(key):
        cidr = _network_of_key(match[4])
        return ParsedKey("BlockAffinity", affinity_name(match[2], cidr, match[1])) if cidr else None
    if match := _BLOCK_KEY.fullmatch(key):
        cidr = _network_of_key(match[2])
        return ParsedKey("IPAMBlock", network_name(cidr)) if cidr else None
    return None


# ---------------------------------------------------------------- the special layouts


def reflector_key(ip: str) -> str:
    """Return the key of a reflector's record; `ip` decides between rr_v4 and rr_v6."""
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        raise _bad_name("RouteReflector", ip, "an IP address") from None
    prefix = REFLECTOR_PREFIX_V4 if address.version == 4 else REFLECTOR_PREFIX_V6  # noqa: PLR2004 - IP version
    return prefix + str(address)


def affinity_key(node: str, cidr: str, affinity_type: str = "host") -> str:
    """Return the key of a node's claim on a block."""
    family = "ipv6" if ":" in cidr else "ipv4"
    return f"{IPAM_PREFIX}{affinity_type}/{node}/{family}/block/{cidr.replace('/', '-')}"


def block_key(cidr: str) -> str:
    """Return the key of a block."""
    family = "ipv6" if ":" in cidr else "ipv4"
    return f"{BLOCK_PREFIX}{family}/block/{cidr.replace('/', '-')}"


def network_name(cidr: str) -> str:
    """Return a network as part of a resource name: ``10-0-0-0-26``; IPv6 in eight full groups."""
    network = ipaddress.ip_network(cidr)
    return network.network_address.exploded.replace(".", "-").replace(":", "-") + f"-{network.prefixlen}"


def network_of_name(name: str) -> str:
    """Return the network that `network_name` named.

    Raises:
        ResourceInvalid: it is no such name.
    """
    network = _network_or_none(name)
    if network is None:
        raise _bad_name("IPAMBlock", name, "the name of a network, such as 10-0-0-0-26")
    return network


def _network_or_none(name: str) -> str | None:
    address, _, length = name.rpartition("-")
    separator = "." if address.count("-") == 3 else ":"  # noqa: PLR2004 - separators of an IPv4 address
    return _network_of_key(f"{address.replace('-', separator)}-{length}")


def affinity_name(node: str, cidr: str, affinity_type: str = "host") -> str:
    """Return the name of an affinity: ``<node>-10-0-0-0-26``, and ``-virtual`` behind it for virtual ones."""
    return f"{node}-{network_name(cidr)}" + ("-virtual" if affinity_type == "virtual" else "")


def split_affinity_name(name: str) -> tuple[str, str, str]:
    """Return node, network and type (``host`` or ``virtual``) of a name that `affinity_name` made.

    Raises:
        ResourceInvalid: it is no such name.
    """
    match = _AFFINITY_NAME_V6.fullmatch(name) or _AFFINITY_NAME_V4.fullmatch(name)
    network = _network_or_none(match["network"]) if match else None
    if match is None or network is None:
        raise _bad_name("BlockAffinity", name, "<node>-<network>, such as node1-10-0-0-0-26")
    return match["node"], network, "virtual" if match["virtual"] else "host"


def _ipam_configuration_key(name: str) -> str:
    if name != IPAM_CONFIGURATION_NAME:
        raise _bad_name("IPAMConfiguration", name, IPAM_CONFIGURATION_NAME)
    return IPAM_CONFIGURATION_KEY


def _network_of_key(text: str) -> str | None:
    address, _, length = text.rpartition("-")
    try:
        return str(ipaddress.ip_network(f"{address}/{length}"))
    except ValueError:
        return None


def _bad_name(kind: str, name: str, expected: str) -> ResourceInvalid:
    return ResourceInvalid(kind, name, [FieldProblem("metadata.name", name, expected)])


_KEY_OF_NAME: Final[Mapping[str, Callable[[str], str]]] = {
    "RouteReflector": reflector_key,
    "BlockAffinity": lambda name: affinity_key(*split_affinity_name(name)),
    "IPAMBlock": lambda name: block_key(network_of_name(name)),
    "IPAMConfiguration": _ipam_configuration_key,
}
"""Kinds whose key is made of the name in a way of its own."""
