"""What this speaker has chosen, as UPDATEs: its Loc-RIB for a collector.

For: RFC 9069. Not for: what peers said (heard.py), what they are told (rib).
RFC 9069 §5.4 (four-octet AS numbers, no path identifiers); 4724 §2 (End-of-RIB).
Structure to know: none. `chosen_updates` may be consumed while the engine goes on: each prefix is looked up when its
turn comes.

A path of our own has no next hop; it is written with our router id as one.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from tortie.bgp.engine import Engine, SpeakerConfig
from tortie.bgp.rib import Path
from tortie.bgp.wire import (
    IPV4_UNICAST,
    IPV6_UNICAST,
    AttributeSet,
    AttributeTable,
    Capability,
    EncodeContext,
    Family,
    FourOctetAS,
    Multiprotocol,
    Open,
    encode_end_of_rib,
    encode_open,
    encode_updates,
    encode_withdrawals,
    is_encodable,
)

__all__ = ["changed_updates", "chosen_updates", "loc_rib_open"]

FAMILIES: Final = (IPV4_UNICAST, IPV6_UNICAST)
ENCODING: Final = EncodeContext(four_octet_as=True, extended_next_hop=True)
STEP_PREFIXES_MAX: Final = 2000
"""Prefixes that are looked up before anything else has its turn."""

_MAPPED: Final = bytes(10) + b"\xff\xff"
"""What makes an IPv6 address of an IPv4 one (RFC 4291 §2.5.5.2)."""


def loc_rib_open(config: SpeakerConfig) -> bytes:
    """Return an OPEN with the capabilities by which the UPDATEs here are to be read."""
    capabilities: list[Capability] = [*map(Multiprotocol, FAMILIES), FourOctetAS(config.local_as)]
    identity = {"asn": config.local_as, "router_id": config.router_id}
    return encode_open(Open(hold_time_s=0, capabilities=tuple(capabilities), **identity))


def chosen_updates(engine: Engine) -> Iterator[list[bytes]]:
    """Yield whole UPDATEs, some at a time, and each family's End-of-RIB; families that are deferred are left out."""
    for family in FAMILIES:
        if family in engine.rib.deferred:
            continue
        decisions = engine.rib.loc_rib(family).decisions
        nlris = list(decisions)
        for start in range(0, len(nlris), STEP_PREFIXES_MAX):
            found = {nlri: decisions.get(nlri) for nlri in nlris[start : start + STEP_PREFIXES_MAX]}
            best = {nlri: decision.best for nlri, decision in found.items() if decision is not None and decision.best}
            yield changed_updates(family, best, engine.config)
        yield [encode_end_of_rib(family)]


def changed_updates(family: Family, changes: Mapping[bytes, Path | None], config: SpeakerConfig) -> list[bytes]:
    """Return the UPDATEs that say what is the best path now, None = no path left."""
    gone = [nlri for nlri, path in changes.items() if path is None]
    by_attributes: dict[AttributeSet, list[bytes]] = {}
    for nlri, path in changes.items():
        if path is not None:
            by_attributes.setdefault(path.attributes, []).append(nlri)
    updates = encode_withdrawals(family, gone, ENCODING)
    for attributes, nlris in by_attributes.items():
        with_next_hop = attributes if attributes.next_hop else _own(attributes, family, config)
        if is_encodable(family, with_next_hop, ENCODING):
            updates += encode_updates(family, with_next_hop, nlris, ENCODING)
    return updates


def _own(attributes: AttributeSet, family: Family, config: SpeakerConfig) -> AttributeSet:
    """Return a set with ourselves as next hop, one that no table of the engine knows."""
    address = config.router_id.to_bytes(4)
    return AttributeTable().replace(attributes, next_hop=address if family == IPV4_UNICAST else _MAPPED + address)
