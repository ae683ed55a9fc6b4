"""What a speaker says in metrics: sessions, routes, messages, by reading the counters it keeps anyway.

For: samples of one `Speaker`, with or without a datastore. Not for: the datastore, the kernel and the quarantine
(`metrics_agent`), nor text (`metrics_text`). Knows neither pydantic nor the Prometheus client.
Every series is there from the first scrape, at zero if need be: what is missing cannot be told from what is fine.
Cost: about 2 µs a session, once a scrape.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Final

from tortie import __version__
from tortie.bgp.engine import Engine
from tortie.bgp.engine.peer import Peer
from tortie.bgp.session import SessionCounters, State
from tortie.bgp.wire import IPV4_UNICAST, IPV6_UNICAST
from tortie.node.log import Log
from tortie.node.metrics_table import Samples
from tortie.speaker import Speaker

__all__ = ["SESSION_KINDS", "process_samples", "speaker_samples"]

SESSION_KINDS: Final = ("client", "internal", "external")
FAMILIES: Final = (IPV4_UNICAST, IPV6_UNICAST)


def process_samples(role: str, log: Log, listen_failure_count: int) -> Samples:
    """Yield what does not need a speaker: who this is, and what it has logged."""
    yield "tortie_build_info", (__version__, role), 1
    yield "tortie_listen_failures", (), listen_failure_count
    for level, count in log.line_counts.items():
        yield "tortie_log_lines_total", (level,), count
    yield "tortie_log_lines_suppressed_total", (), log.suppressed_count


def speaker_samples(speaker: Speaker) -> Samples:
    """Yield what one speaker has to say."""
    engine = speaker.engine
    yield from _session_samples(engine)
    yield from _route_samples(engine)
    yield from _counter_samples(engine)
    yield "tortie_accept_errors_total", (), speaker.accept_error_count
    yield "tortie_received_bytes_total", (), speaker.received_byte_count
    yield "tortie_sent_bytes_total", (), speaker.sent_byte_count


def _session_samples(engine: Engine) -> Samples:
    counts = Counter((peer.session.state, _kind(peer)) for peer in engine.peers.values())
    for state in State:
        for kind in SESSION_KINDS:
            yield "tortie_sessions", (state.name.lower(), kind), counts[state, kind]
    yield "tortie_sessions_sending", (), sum(peer.has_unsent for peer in engine.peers.values())


def _kind(peer: Peer) -> str:
    options = peer.options
    peer_as = options.peer_as if peer.negotiated is None else peer.negotiated.peer_as
    if peer_as != options.local_as:
        return "external"
    return "client" if options.is_client else "internal"


def _route_samples(engine: Engine) -> Samples:
    rib = engine.rib
    counts: Counter[tuple[str, str]] = Counter()
    for (source, family), adj_rib_in in rib.adj_rib_ins.items():
        counts[family.name, "originated" if source is engine.local else "received"] += len(adj_rib_in)
        counts[family.name, "stale"] += len(adj_rib_in.stale)
    for group in rib.groups.values():
        counts[group.profile.family.name, "announced"] += len(group.entries)
        counts[group.profile.family.name, "groups"] += 1
    for family in FAMILIES:
        counts[family.name, "best"] = len(rib.loc_rib(family).decisions)
        for table in ("received", "stale", "originated", "best", "announced"):
            yield "tortie_routes", (family.name, table), counts[family.name, table]
        yield "tortie_update_groups", (family.name,), counts[family.name, "groups"]


def _counter_samples(engine: Engine) -> Samples:
    total, totals = _counters(engine), engine.totals
    yield "tortie_session_ups_total", (), total.established_count
    yield "tortie_session_failures_total", (), total.failure_count
    yield "tortie_refused_connections_total", (), engine.refused_count
    yield "tortie_evicted_connections_total", (), engine.evicted_count
    for reason, count in totals.resets.items():
        yield "tortie_session_resets_total", (reason.value,), count
    for kind, count in total.received.items():
        yield "tortie_received_messages_total", (kind.name.lower(),), count
    for kind, count in total.sent.items():
        yield "tortie_sent_messages_total", (kind.name.lower(),), count
    yield from _malformed_samples(total, totals.malformed_reset_count)


def _malformed_samples(total: SessionCounters, reset_count: int) -> Iterator[tuple[str, tuple[str, ...], float]]:
    yield "tortie_malformed_updates_total", ("attribute_discard",), total.attribute_discard_count
    yield "tortie_malformed_updates_total", ("treat_as_withdraw",), total.treated_as_withdraw_count
    yield "tortie_malformed_updates_total", ("session_reset",), reset_count


def _counters(engine: Engine) -> SessionCounters:
    """Return the sum over all sessions, those that are gone included."""
    return SessionCounters.total([engine.totals.of_gone, *(peer.session.counters for peer in engine.peers.values())])
