"""What an agent shows of itself: plain data for the status socket.

For: the shapes of `status -o json` and `routes -o json`. Not for: tables (cli). No secret is in any of it.
Structures to know: `session_views`, `route_views`.
"""

from collections.abc import Iterator
from dataclasses import asdict, fields

from tortie.bgp.engine import Engine, PeerStatus, dotted, peer_statuses, route_statuses
from tortie.bgp.errors import AddressTextError
from tortie.bgp.watch import table_records
from tortie.bgp.wire import IPV4_UNICAST, IPV6_UNICAST, Family, family_from_name, prefix_from_text
from tortie.node.status import RequestInvalid
from tortie.node.status_protocol import JSONObject
from tortie.speaker import time_of_day

__all__ = ["engine_view", "mrt_views", "route_views", "session_views"]

SESSION_FIELDS = tuple(field.name for field in fields(PeerStatus))
FAMILIES = (IPV4_UNICAST, IPV6_UNICAST)


def engine_view(engine: Engine, listening: list[tuple[str, int]]) -> JSONObject:
    """Return the speaker itself: identity, where it listens, how much it knows."""
    config = engine.config
    return {
        "local_as": config.local_as,
        "router_id": dotted(config.router_id),
        "cluster_id": dotted(engine.rib.cluster_id),
        "listening": [{"address": address, "port": port} for address, port in listening],
        "is_draining": config.is_draining,
        "deferred_families": [family.name for family in engine.deferred_families],
        "refused_connections": engine.refused_count,
        "evicted_connections": engine.evicted_count,
        "session_ends": engine.session_end_count,
        "prefixes": {family.name: len(engine.rib.loc_rib(family).decisions) for family in FAMILIES},
        "update_groups": [
            {"family": group.profile.family.name, "kind": group.profile.peer_kind.name.lower(),
             "members": len(group.members), "entries": len(group.entries)}
            for group in engine.rib.groups.values()
        ],
    }  # fmt: skip


def session_views(engine: Engine, now: float, roles: dict[str, tuple[str, ...]]) -> list[JSONObject]:
    """Return every session; `roles` says by remote address why it exists."""
    return [_session_view(status, roles.get(status.remote_address, ())) for status in peer_statuses(engine, now)]


def _session_view(status: PeerStatus, roles: tuple[str, ...]) -> JSONObject:
    """Return one session; `asdict` would copy each event, and a reflector has thousands of sessions."""
    content: JSONObject = {name: getattr(status, name) for name in SESSION_FIELDS}
    return content | {"families": [asdict(family) for family in status.families], "roles": list(roles)}


def route_views(engine: Engine, arguments: JSONObject) -> Iterator[JSONObject]:
    """Yield every path, best first within a prefix; arguments: family ("ipv4" or "ipv6") and prefix, both optional.

    It may be consumed while the engine goes on: each prefix is looked up when its turn comes.
    """
    families: tuple[Family, ...] = FAMILIES
    if (name := arguments.get("family")) is not None:
        if name not in [family.name for family in FAMILIES]:
            raise RequestInvalid(f"family {name!r}: expected ipv4 or ipv6")
        families = (family_from_name(str(name)),)
    if (prefix := arguments.get("prefix")) is not None:
        family, nlri = _prefix(prefix)
        return (asdict(status) for status in route_statuses(engine, family, nlri) if family in families)
    return (asdict(status) for family in families for status in route_statuses(engine, family))


def mrt_views(engine: Engine) -> Iterator[JSONObject]:
    """Yield the records of an MRT table dump of all paths, in hexadecimal; consumed as `route_views`."""
    return ({"record": record.hex()} for record in table_records(engine, time_of_day()))


def _prefix(text: object) -> tuple[Family, bytes]:
    try:
        return prefix_from_text(str(text))
    except AddressTextError as error:
        raise RequestInvalid(f"prefix {text!r}: expected one such as 10.0.0.0/8 ({error})") from error
