"""BGPPeer: which nodes peer with whom.

Without `node` and `nodeSelector` a peer is global: every node peers with it. What it is NOT for: turning
the record into sessions (``fabric``). RFC 4271, RFC 6793 (asNumber), RFC 5082 (ttlSecurity).
"""

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, Field, model_validator

from tortie.model.base import Model
from tortie.model.fields import (
    AddressText,
    ASNumber,
    Boolean,
    Duration,
    Expected,
    Name,
    Text,
    as_text,
    integer_between,
    parse_address,
    word_of,
)
from tortie.model.resource import Resource
from tortie.model.selector import SelectorText

BGP_PORT: Final = 179
PORT_MAX: Final = 65535
PEER_IP_LENGTH_MAX: Final = 64

_V4_PORT = re.compile(r"([0-9.]+):([0-9]{1,5})")
_V6_PORT = re.compile(r"\[([0-9A-Fa-f:.]+)\](?::([0-9]{1,5}))?")


def parse_peer_ip(value: object) -> str:
    """Return ``ip``, ``v4:port`` or ``[v6]:port`` in canonical text."""
    text = as_text(value)
    if len(text) > PEER_IP_LENGTH_MAX:
        raise Expected(f"at most {PEER_IP_LENGTH_MAX} characters")
    match = _V4_PORT.fullmatch(text) or _V6_PORT.fullmatch(text)
    if match is None or match[2] is None:
        return _address(match[1] if match else text)
    port = int(match[2])
    if not 1 <= port <= PORT_MAX:
        raise Expected(f"a port from 1 to {PORT_MAX} after the address")
    address = _address(match[1])
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _address(text: str) -> str:
    try:
        return parse_address(text)
    except Expected:
        raise Expected("an IP address, or 192.0.2.1:1790 or [2001:db8::1]:1790 with a port") from None


def split_peer_ip(peer_ip: str) -> tuple[str, int | None]:
    """Return address and port of a validated `peerIP`; port None where none is given."""
    if peer_ip.startswith("["):
        address, _, port = peer_ip[1:].partition("]:")
        return address, int(port)
    if peer_ip.count(":") == 1:
        address, _, port = peer_ip.partition(":")
        return address, int(port)
    return peer_ip, None


class NextHopMode(StrEnum):
    """What becomes of NEXT_HOP towards the peer."""

    AUTO = "Auto"
    SELF = "Self"
    KEEP = "Keep"


class SourceAddress(StrEnum):
    """Local end of the TCP connection."""

    USE_NODE_IP = "UseNodeIP"
    NONE = "None"


class ReversePeering(StrEnum):
    """Whether the remote nodes get the reverse record."""

    AUTO = "Auto"
    MANUAL = "Manual"


class SecretKeyRef(Model):
    """A key of a secret, by reference; never its value."""

    name: Text = Field(description="the name of the secret")
    key: Text = Field(description="the key in the secret")
    optional: Boolean | None = None


class BGPPassword(Model):
    """Where the TCP-MD5 password (RFC 2385) is kept."""

    secret_key_ref: SecretKeyRef | None = None


class BGPPeerSpec(Model):
    """Which nodes, and with whom.

    Nodes: `node` or `node_selector` or neither (all). With whom: exactly one of `peer_ip`, `peer_selector`
    and `local_workload_selector`. `as_number` None means the cluster's.
    """

    node: Name | None = None
    node_selector: SelectorText | None = None
    peer_ip: Annotated[str, BeforeValidator(parse_peer_ip)] | None = Field(default=None, alias="peerIP")
    as_number: ASNumber | None = None
    peer_selector: SelectorText | None = None
    local_workload_selector: SelectorText | None = None
    local_as_number: ASNumber | None = Field(default=None, alias="localASNumber")
    keep_original_next_hop: Boolean | None = None
    next_hop_mode: Annotated[NextHopMode, BeforeValidator(word_of(NextHopMode))] | None = None
    password: BGPPassword | None = None
    source_address: Annotated[SourceAddress, BeforeValidator(word_of(SourceAddress))] | None = None
    max_restart_time: Duration | None = None
    keepalive_time: Duration | None = None
    num_allowed_local_as_numbers: Annotated[int, BeforeValidator(integer_between(0, 2**31 - 1))] | None = Field(
        default=None, alias="numAllowedLocalASNumbers"
    )
    ttl_security: Annotated[int, BeforeValidator(integer_between(0, 255))] | None = None
    reachable_by: AddressText | None = None
    filters: tuple[Name, ...] | None = None
    reverse_peering: Annotated[ReversePeering, BeforeValidator(word_of(ReversePeering))] | None = None

    @model_validator(mode="after")
    def _rules(self) -> "BGPPeerSpec":
        for is_broken, field, expected in _rule_failures(self):
            if is_broken:
                raise Expected(expected, field=(field,))
        return self


def _rule_failures(spec: BGPPeerSpec) -> Iterator[tuple[bool, str, str]]:
    """Yield each rule between fields: is it broken, the field at fault, what was expected."""
    others = bool(spec.peer_ip or spec.peer_selector)
    is_local = bool(spec.local_workload_selector)
    yield bool(spec.node and spec.node_selector), "nodeSelector", "nothing where node is set"
    yield not (others or is_local), "peerIP", "one of peerIP, peerSelector, localWorkloadSelector"
    yield bool(spec.peer_ip and spec.peer_selector), "peerSelector", "nothing where peerIP is set"
    yield is_local and others, "localWorkloadSelector", "nothing where peerIP or peerSelector is set"
    has_as = spec.as_number is not None
    yield is_local and not has_as, "asNumber", "an AS number where localWorkloadSelector is set"
    yield (
        bool(spec.peer_selector) and has_as,
        "asNumber",
        "nothing where peerSelector is set",
    )
    yield (
        spec.keep_original_next_hop is not None and spec.next_hop_mode is not None,
        "keepOriginalNextHop",
        "nothing where nextHopMode is set",
    )
    yield bool(spec.reachable_by and not spec.peer_ip), "reachableBy", "nothing without peerIP"
    yield _families_differ(spec), "reachableBy", "an address of the same family as peerIP"


def _families_differ(spec: BGPPeerSpec) -> bool:
    if not spec.reachable_by or not spec.peer_ip:
        return False
    return (":" in spec.reachable_by) != (":" in split_peer_ip(spec.peer_ip)[0])


class BGPPeer(Resource):
    """A BGP peering of some or all nodes."""

    kind: Literal["BGPPeer"] = "BGPPeer"
    spec: BGPPeerSpec = Field(description="a mapping with at least peerIP or peerSelector")

    @property
    def is_global(self) -> bool:
        """Every node peers with it."""
        return not self.spec.node and not self.spec.node_selector

    @property
    def peer_address(self) -> str | None:
        """Address of `peerIP` without port, or None."""
        return split_peer_ip(self.spec.peer_ip)[0] if self.spec.peer_ip else None

    @property
    def peer_port(self) -> int | None:
        """Port of `peerIP`, None where none is given."""
        return split_peer_ip(self.spec.peer_ip)[1] if self.spec.peer_ip else None
