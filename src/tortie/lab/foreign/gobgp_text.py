"""The intent of one speaker as a configuration of GoBGP. Pure.

What it is NOT for: running GoBGP (`gobgp.py`), and what the speaker announces, which GoBGP takes by command only. The
sessions' filters are one policy each way: for each filter its rules in order, for the sessions that have it. A session
with a password or a BGPFilter is left out (`sessions.py`).
"""

from collections.abc import Iterable, Mapping
from typing import Final

from tortie.fabric import FilterIntent, FilterRule, NodeIntent, SessionIntent
from tortie.lab.foreign.sessions import is_usable

__all__ = ["Document", "render_gobgp"]

Document = dict[str, object]

CONNECT_RETRY_S: Final = 5
KEEPALIVES_PER_HOLD_TIME: Final = 3
MULTIHOP_MAX: Final = 255
TTL_MAX: Final = 255
PATHS_SENT_MAX: Final = 16
BITS: Final = {False: 32, True: 128}
"""Is it IPv6 → the bits of an address."""

IMPORT: Final = "import"
EXPORT: Final = "export"


def render_gobgp(intent: NodeIntent) -> Document:
    """Return the document that gobgpd reads as JSON; equal for equal intents."""
    usable = [session for session in intent.sessions if is_usable(session)]
    policies = _Policies()
    imports = policies.statements(IMPORT, ((each.remote_address, each.import_filter) for each in usable))
    exports = policies.statements(EXPORT, ((each.remote_address, each.export_filter) for each in usable))
    own = {"as": intent.local_as, "router-id": intent.router_id, "port": intent.listen_port}
    addresses = [text for text in (intent.address_v4, intent.address_v6) if text is not None]
    if intent.bind_mode == "NodeIP":
        own["local-address-list"] = addresses
    used: dict[str, object] = {
        "import-policy-list": [IMPORT], "default-import-policy": "accept-route",
        "export-policy-list": [EXPORT], "default-export-policy": "accept-route",
    }  # fmt: skip
    return {
        "global": {"config": own, "apply-policy": {"config": used}},
        "neighbors": [_neighbor(intent, session) for session in usable],
        "defined-sets": {"prefix-sets": policies.prefix_sets, "neighbor-sets": policies.neighbor_sets},
        "policy-definitions": [
            {"name": IMPORT, "statements": imports},
            {"name": EXPORT, "statements": exports},
        ],
    }


class _Policies:
    """Filters as GoBGP has them: sets of prefixes and of neighbours, and statements that refer to them."""

    def __init__(self) -> None:
        self.prefix_sets: list[Document] = []
        self.neighbor_sets: list[Document] = []

    def statements(self, way: str, filters: Iterable[tuple[str, FilterIntent]]) -> list[Document]:
        """Return the statements of one policy, from peers' addresses and their filters."""
        peers: dict[FilterIntent, list[str]] = {}
        for address, policy in filters:
            if policy.rules or not policy.default_accept:
                peers.setdefault(policy, []).append(address)
        found: list[Document] = []
        for number, (policy, addresses) in enumerate(peers.items(), start=1):
            name = f"{way}-{number}"
            self.neighbor_sets.append({"neighbor-set-name": name, "neighbor-info-list": addresses})
            for place, rule in enumerate(policy.rules, start=1):
                found.append(self._rule(f"{name}-{place}", name, rule))
            found.append(
                _statement(f"{name}-rest", {"match-neighbor-set": _match("neighbor", name)}, policy.default_accept)
            )
        return found

    def _rule(self, name: str, peers: str, rule: FilterRule) -> Document:
        length, bits = int(rule.prefix.rpartition("/")[2]), BITS[":" in rule.prefix]
        reach = f"{length}..{bits if rule.le is None else rule.le}"
        listed = [{"ip-prefix": rule.prefix, "masklength-range": reach}]
        self.prefix_sets.append({"prefix-set-name": name, "prefix-list": listed})
        matches = {"match-neighbor-set": _match("neighbor", peers), "match-prefix-set": _match("prefix", name)}
        return _statement(name, matches, rule.accept)


def _match(kind: str, name: str) -> Document:
    return {f"{kind}-set": name, "match-set-options": "any"}


def _statement(name: str, conditions: Mapping[str, object], is_accepted: bool) -> Document:
    verdict = "accept-route" if is_accepted else "reject-route"
    return {"name": name, "conditions": conditions, "actions": {"route-disposition": verdict}}


def _family(session: SessionIntent, family: str) -> Document:
    found: Document = {"config": {"afi-safi-name": f"{family}-unicast"}}
    if session.add_path != "off":
        sent = PATHS_SENT_MAX if session.add_path in ("send", "both") else 0
        is_received = session.add_path in ("receive", "both")
        found["add-paths"] = {"config": {"receive": is_received, "send-max": sent}}
    return found


def _neighbor(intent: NodeIntent, session: SessionIntent) -> Document:
    config: Document = {"neighbor-address": session.remote_address, "peer-as": session.peer_as}
    if session.local_as != intent.local_as:
        config["local-as"] = session.local_as
    transport: Document = {"passive-mode": session.passive, "remote-port": session.port}
    if session.local_address is not None:
        transport["local-address"] = session.local_address
    timers: Document = {"connect-retry": CONNECT_RETRY_S}
    if session.keepalive_time_s is not None:
        timers["keepalive-interval"] = session.keepalive_time_s
        timers["hold-time"] = KEEPALIVES_PER_HOLD_TIME * session.keepalive_time_s
    wanted: Document = {
        "config": config,
        "transport": {"config": transport},
        "timers": {"config": timers},
        "afi-safis": [_family(session, family) for family in session.families],
    }
    if session.is_client:
        cluster_id = intent.cluster_id or intent.router_id
        reflector = {"route-reflector-client": True, "route-reflector-cluster-id": cluster_id}
        wanted["route-reflector"] = {"config": reflector}
    if session.ttl_security_hops is not None:
        ttl_min = TTL_MAX + 1 - session.ttl_security_hops
        wanted["ttl-security"] = {"config": {"enabled": True, "ttl-min": ttl_min}}
    elif session.peer_as != session.local_as:
        wanted["ebgp-multihop"] = {"config": {"enabled": True, "multihop-ttl": MULTIHOP_MAX}}
    if session.allowed_local_as_count:
        wanted["as-path-options"] = {"config": {"allow-own-as": session.allowed_local_as_count}}
    return wanted
