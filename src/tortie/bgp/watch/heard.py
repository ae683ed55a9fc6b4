"""What a peer has told us and still stands, said again as UPDATEs.

For: a collector that comes, or comes back, after the peer has spoken (RFC 7854 §5). Not for: what we tell others (rib).
RFC 7854 §5; 4724 §2 (End-of-RIB).
Structure to know: none. It may be consumed while the engine goes on: each prefix is looked up when its turn comes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from tortie.bgp.engine import Engine
from tortie.bgp.engine.peer import Peer
from tortie.bgp.rib import AdjRIBIn
from tortie.bgp.wire import AttributeSet, EncodeContext, Family, encode_end_of_rib, encode_updates, is_encodable

__all__ = ["heard_updates"]

STEP_PREFIXES_MAX: Final = 2000
"""Prefixes that are looked up before anything else has its turn."""


def heard_updates(engine: Engine, peer: Peer) -> Iterator[list[bytes]]:
    """Yield whole UPDATEs, some at a time, and each family's End-of-RIB; it ends early when the session does.

    As the peer might have sent them: in the form that was negotiated with it. Paths that are kept from before its
    restart are left out, and so is what its session could not carry any more.
    """
    source, negotiated = peer.source, peer.negotiated
    if source is None or negotiated is None:
        return
    for family in sorted(negotiated.families):
        context = replace(negotiated.encode, add_path=family in negotiated.decode.add_path)
        adj_rib_in = engine.rib.adj_rib_ins[source, family]
        keys = list(adj_rib_in.paths)
        for start in range(0, len(keys), STEP_PREFIXES_MAX):
            if peer.source is not source:
                return
            yield _updates(family, adj_rib_in, keys[start : start + STEP_PREFIXES_MAX], context)
        if peer.source is not source:
            return
        yield [encode_end_of_rib(family)]


def _updates(family: Family, adj_rib_in: AdjRIBIn, keys: Sequence[bytes], context: EncodeContext) -> list[bytes]:
    by_attributes: dict[AttributeSet, list[bytes]] = {}
    for key in keys:
        path = adj_rib_in.paths.get(key)
        if path is not None and key not in adj_rib_in.stale:
            by_attributes.setdefault(path.received, []).append(key)
    return [
        message
        for attributes, standing in by_attributes.items()
        if is_encodable(family, attributes, context)
        for message in encode_updates(family, attributes, standing, context)
    ]
