"""The tables of an engine as MRT: every path of every peer, one TABLE_DUMP_V2.

For: snapshots of a running speaker. Not for: the records (mrt.py), what came in one by one (mrt_feed.py).
RFC 6396 §4.3; RFC 8050 §4.
Structure to know: none. It may be consumed while the engine goes on: each prefix is looked up when its turn comes.
"""

from collections.abc import Iterator
from typing import Final

from tortie.bgp.engine import Engine
from tortie.bgp.rib import Path, Source
from tortie.bgp.watch.mrt import PEERS_MAX, RIBEntry, TablePeer, peer_index_table, rib_record
from tortie.bgp.wire import IPV4_UNICAST, IPV6_UNICAST, Family

__all__ = ["table_records"]

FAMILIES: Final = (IPV4_UNICAST, IPV6_UNICAST)
NO_ADDRESS: Final = bytes(4)


def table_records(engine: Engine, time_of_day: float) -> Iterator[bytes]:
    """Yield the index of peers, then each prefix of each family with all its paths, rejected ones included.

    The first peer is this speaker, with address 0.0.0.0. When a path came is not kept: every one is said to stand since
    the time of the snapshot. Peers beyond the 65,535th, which no index holds, are left out.

    Args:
        engine: whose tables they are.
        time_of_day: now, seconds since 1970.
    """
    known = dict.fromkeys([engine.local, *(source for source, _ in engine.rib.adj_rib_ins)])
    index = {source: number for number, source in enumerate(list(known)[:PEERS_MAX])}
    config = engine.config
    rows = [TablePeer(each.router_id, each.address or NO_ADDRESS, each.peer_as or config.local_as) for each in index]
    yield peer_index_table(time_of_day, config.router_id, rows)
    number = 0
    for family in FAMILIES:
        for nlri, paths in _paths(engine, family):
            for entries in _entries(engine, index, family, paths, time_of_day):
                yield rib_record(time_of_day, number, family, nlri, entries)
                number += 1


def _paths(engine: Engine, family: Family) -> Iterator[tuple[bytes, list[Path]]]:
    """Yield each prefix with all its paths: those that take part in the decision, then those that are rejected."""
    rejected: dict[bytes, list[Path]] = {}
    for (_, of_family), adj_rib_in in engine.rib.adj_rib_ins.items():
        if of_family == family:
            for nlri, path in adj_rib_in.by_prefix():
                if path.rejection is not None:
                    rejected.setdefault(nlri, []).append(path)
    decisions = engine.rib.loc_rib(family).decisions
    for nlri in sorted(decisions.keys() | rejected.keys(), key=lambda key: (key[1:], key[0])):
        decision = decisions.get(nlri)
        candidates = () if decision is None else decision.candidates
        yield nlri, [*candidates, *rejected.get(nlri, ())]


def _entries(
    engine: Engine, index: dict[Source, int], family: Family, paths: list[Path], since: float
) -> Iterator[list[RIBEntry]]:
    """Yield the entries of one prefix: those without path identifiers, then those with (RFC 8050 §4)."""
    plain, with_path_id = [], []
    for path in paths:
        adj_rib_in = engine.rib.adj_rib_ins.get((path.source, family))
        if path.source not in index or adj_rib_in is None:
            continue
        if adj_rib_in.id_length:
            with_path_id.append(RIBEntry(index[path.source], since, path.path_id, path.attributes))
        else:
            plain.append(RIBEntry(index[path.source], since, None, path.attributes))
    yield from (entries for entries in (plain, with_path_id) if entries)
