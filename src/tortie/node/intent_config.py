"""From a node's intent to what its engine is told: a translation, field by field.

For: the one place where fabric's texts become the engine's values. Not for: deciding anything; what a session
is and who may hear what was decided in `fabric`.
Structures to know: `NodeIntent` in, `SpeakerConfig` and `PeerConfig` out.
"""

from collections.abc import Sequence
from ipaddress import IPv4Address
from typing import Final

from tortie.bgp.engine import AddPathMode, PeerConfig, SessionOptions, SpeakerConfig
from tortie.bgp.engine.config import RESTART_TIME_S_DEFAULT
from tortie.bgp.rib import NextHopMode
from tortie.bgp.wire import (
    IPV4_UNICAST,
    IPV6_UNICAST,
    Family,
    address_from_text,
    family_from_name,
    prefix_from_text,
)
from tortie.fabric import NodeIntent, SessionIntent
from tortie.node.intent_policy import Policies
from tortie.node.resolver import NEXT_HOPS_MAX

__all__ = ["check_usable", "listen_addresses", "peer_configs", "speaker_config"]


ANY_ADDRESS: Final = {False: "0.0.0.0", True: "::"}
"""Is it IPv6 → all addresses of the family."""
HOLD_TIME_S_DEFAULT: Final = 90
KEEPALIVES_PER_HOLD_TIME: Final = 3
"""RFC 4271 §4.4: a third of the hold time is what the speaker waits between two KEEPALIVEs."""


def speaker_config(intent: NodeIntent) -> SpeakerConfig:
    """Return the speaker's identity. A node resolves next hops in its kernel, a reflector has no data path."""
    if _identifier(intent.router_id) == 0:
        raise ValueError(f"{intent.name}: router id {intent.router_id}: expected another than 0.0.0.0 (RFC 6286)")
    own: list[tuple[Family, str]] = []
    if intent.address_v4 is not None:
        own.append((IPV4_UNICAST, intent.address_v4))
    if intent.address_v6 is not None:
        own.append((IPV6_UNICAST, intent.address_v6))
    return SpeakerConfig(
        local_as=intent.local_as,
        router_id=_identifier(intent.router_id),
        cluster_id=None if intent.cluster_id is None else _identifier(intent.cluster_id),
        resolve_next_hops=intent.kind == "node",
        paths_max=NEXT_HOPS_MAX if intent.kind == "node" else 1,
        next_hops=tuple(own),
    )


def peer_configs(
    intent: NodeIntent, former: NodeIntent | None = None, peers: Sequence[PeerConfig] = ()
) -> tuple[PeerConfig, ...]:
    """Return one peer a session of the intent; equal filters become one object.

    Args:
        intent: to translate.
        former: the intent before, of which what is unchanged is not translated again.
        peers: what this made of `former`.
    """
    pairs = () if former is None else zip(former.sessions, peers, strict=True)
    known = {_identity(session): (session, peer) for session, peer in pairs}
    policies = Policies()
    found: list[PeerConfig] = []
    for session in intent.sessions:
        same, peer = known.get(_identity(session), (None, None))
        found.append(peer if peer is not None and same == session else _peer_config(session, policies))
    return tuple(found)


def listen_addresses(intent: NodeIntent) -> tuple[str, ...]:
    """Return the addresses on which this speaker takes connections: its own, or any of the host's (bindMode: None)."""
    if intent.bind_mode == "None":
        return tuple(ANY_ADDRESS[":" in address] for address in (intent.address_v4, intent.address_v6) if address)
    return tuple(address for address in (intent.address_v4, intent.address_v6) if address is not None)


def check_usable(intent: NodeIntent) -> None:
    """Raise ValueError or LocalProtocolError for an intent that the engine or the data path could not carry out.

    Intents that were just planned are usable; one that comes from a file may hold anything.
    """
    speaker = speaker_config(intent)
    for peer in peer_configs(intent):
        peer.options.session_config(speaker.router_id, peer.remote_address)
        address_from_text(peer.remote_address)
    for address in listen_addresses(intent):
        address_from_text(address)
    routes = (*intent.originated, *intent.blackholes, *(each.prefix for each in intent.workloads))
    for static in intent.static_routes:
        prefix_from_text(static.prefix)
        address_from_text(static.via)
    for prefix in (*routes, *(pool.cidr for pool in intent.pools)):
        prefix_from_text(prefix)


def _peer_config(session: SessionIntent, policies: Policies) -> PeerConfig:
    return PeerConfig(
        remote_address=session.remote_address,
        remote_port=session.port,
        local_address=session.local_address,
        options=SessionOptions(
            local_as=session.local_as,
            peer_as=session.peer_as,
            families=tuple(family_from_name(name) for name in session.families),
            passive=session.passive,
            is_client=session.is_client,
            next_hop_mode=NextHopMode(session.next_hop_mode),
            hold_time_s=_hold_time_s(session),
            has_password=session.password is not None,
            ttl_security_hops=session.ttl_security_hops or 0,
            add_path=AddPathMode(session.add_path),
            restart_time_s=RESTART_TIME_S_DEFAULT if session.restart_time_s is None else session.restart_time_s,
            import_filter=policies.compiled(session.import_filter),
            export_filter=policies.compiled(session.export_filter),
            allowed_local_as_count=session.allowed_local_as_count,
            description=session.description,
        ),
    )


def _identity(session: SessionIntent) -> tuple[str, int]:
    return session.remote_address, session.port


def _hold_time_s(session: SessionIntent) -> int:
    """Return the hold time to offer, such that a third of it is the keepalive time that was asked for."""
    if session.keepalive_time_s is None:
        return HOLD_TIME_S_DEFAULT
    return KEEPALIVES_PER_HOLD_TIME * session.keepalive_time_s


def _identifier(dotted: str) -> int:
    return int(IPv4Address(dotted))
