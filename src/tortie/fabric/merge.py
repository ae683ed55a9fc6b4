"""One session for each pair of endpoints, however many records ask for it.

Upstream makes a session a record: a node in the mesh and behind a peer has two towards one neighbour
that dial over one another (calico#3819), a node in a global and in a node-specific peer stops a
reflector's whole configuration. Here (local address, remote address, port) is the identity, and roles
add up; so a mesh that turns into reflection flaps no session that stays. What it is NOT for: deciding
what is asked for. RFC 4271 §6.8 (one connection a pair).
"""

from collections.abc import Iterable
from dataclasses import replace

from tortie.fabric.addresses import address_key
from tortie.fabric.intent import ROLES, SessionIntent

ROLE_PRECEDENCE = ("global", "node", "mesh", "reflector-mesh")
"""Whose next-hop mode counts when several records ask for one session: the most deliberate one's."""


def merge_sessions(sessions: Iterable[SessionIntent]) -> tuple[SessionIntent, ...]:
    """Return one session for each identity, sorted by family, remote address, port.

    Roles add up; a session waits only if every record would wait; a peer is a client if it is one by
    any; the descriptions are joined. The result is the same for every order of input.
    """
    by_identity: dict[tuple[str, str, int], list[SessionIntent]] = {}
    for session in sessions:
        identity = (session.local_address, session.remote_address, session.port)
        by_identity.setdefault(identity, []).append(session)
    merged = [_merged(same) for same in by_identity.values()]
    return tuple(sorted(merged, key=lambda item: (*address_key(item.remote_address), item.port)))


def _merged(same: list[SessionIntent]) -> SessionIntent:
    if len(same) == 1:
        return same[0]
    ranked = sorted(same, key=lambda item: (ROLE_PRECEDENCE.index(item.roles[0]), item.description))
    first = ranked[0]
    assert all((item.local_as, item.peer_as) == (first.local_as, first.peer_as) for item in same), (
        f"records disagree on the AS numbers of {first.remote_address}: contradictions are set aside before"
    )
    return replace(
        first,
        passive=all(item.passive for item in same),
        is_client=any(item.is_client for item in same),
        roles=tuple(role for role in sorted(ROLES) if any(role in item.roles for item in same)),
        description="; ".join(dict.fromkeys(item.description for item in ranked)),
    )
