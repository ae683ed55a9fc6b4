"""What one node or reflector should do: plain frozen data, with one JSON form.

A `NodeIntent` is the result of this package and the input of everything that acts or shows: agent,
renderer, plan, lint, simulator. `NodeIntent.to_json` and `from_json` are exact inverses, for the last
good intent lies on disk and brings an agent up while the datastore is away.

What it is NOT for: deciding (``plan_node.py``, ``plan_reflector.py``) or acting. It knows neither
resources nor BGP classes; texts and numbers only, so that two intents can be compared with ``==``.

Shapes: addresses and prefixes are canonical text (IPv6 compressed and lower case, prefixes masked);
every tuple is sorted and free of duplicates, so equal meaning is equal data. Structures to know:
`NodeIntent` and `SessionIntent`.
"""

import json
from dataclasses import asdict, dataclass, fields
from typing import Final

from tortie.fabric.document import Document
from tortie.fabric.errors import DocumentInvalid
from tortie.fabric.filter_intent import (
    ACCEPT_ALL,
    AS_NUMBER_MAX,
    FilterIntent,
    distinct_filters,
    filter_to_dict,
    read_filter,
)

INTENT_FORMAT: Final = 1
"""Version of the JSON form; an intent of another version on disk is not read."""

PORT_MAX: Final = 65535

ROLES: Final = ("mesh", "global", "node", "reflector-mesh", "local-workload")
"""Why a session exists: node-to-node mesh, global peer, node-specific peer, mesh of reflectors, a
workload of the node itself."""

NEXT_HOP_MODES: Final = ("auto", "self", "keep")

ADD_PATH_MODES: Final = ("off", "receive", "send", "both")
"""Which way several paths a prefix may go (RFC 7911)."""

BIND_MODES: Final = ("NodeIP", "None")
"""Which addresses the BGP port listens on: the speaker's own, or all of the host's."""

RESTART_TIME_S_MAX: Final = 4095
"""RFC 4724 §3: the Restart Time has 12 bits."""
KEEPALIVE_TIME_S_MAX: Final = 65535 // 3
"""RFC 4271 §4.2, §4.4: the hold time has 16 bits, and three KEEPALIVEs fit into it."""
TTL_SECURITY_HOPS_MAX: Final = 255
ALLOWED_LOCAL_AS_COUNT_MAX: Final = 2**31 - 1


@dataclass(frozen=True, slots=True, order=True)
class SecretReference:
    """Where a password is kept; never the password itself.

    Attributes:
        name: name of the secret.
        key: key in the secret.
    """

    name: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionIntent:
    """One BGP session; its identity is (remote address, port), since a speaker has one address a family.

    Attributes:
        remote_address: the peer's address.
        local_address: our end; of the same family. None = the system chooses (sourceAddress: None).
        port: TCP port to dial, 1 to 65535.
        local_as: AS number we announce in OPEN, 1 to 4294967295.
        peer_as: AS number expected of the peer.
        families: names of the address families carried, in the order of `FAMILIES`; not only that of the addresses.
        passive: wait for the peer to dial.
        is_client: the peer is a route reflector client of ours (RFC 4456).
        next_hop_mode: "auto", "self" or "keep".
        password: where the TCP-MD5 password is (RFC 2385); None = a session without one was asked for. A secret
            that cannot be read never means a session without a password.
        ttl_security_hops: how many hops away the peer may be at most (RFC 5082), 1 to 255; None = unchecked.
        restart_time_s: Restart Time to announce (RFC 4724), 0 to 4095; None = the speaker's default.
        keepalive_time_s: seconds between KEEPALIVEs, 1 to 21845; None = the speaker's default.
        allowed_local_as_count: how often our AS number may stand in a path that is still no loop.
        add_path: one of `ADD_PATH_MODES`, as this end sees it.
        roles: sorted subset of `ROLES`; more than one when several records ask for the same session.
        description: text for people; says which records asked for it.
        import_filter: what is taken from the peer.
        export_filter: what the peer may be sent.
    """

    remote_address: str
    local_address: str | None
    port: int = 179
    local_as: int
    peer_as: int
    families: tuple[str, ...]
    passive: bool = False
    is_client: bool = False
    next_hop_mode: str = "auto"
    password: SecretReference | None = None
    ttl_security_hops: int | None = None
    restart_time_s: int | None = None
    keepalive_time_s: int | None = None
    allowed_local_as_count: int = 0
    add_path: str = "off"
    roles: tuple[str, ...]
    description: str = ""
    import_filter: FilterIntent = ACCEPT_ALL
    export_filter: FilterIntent = ACCEPT_ALL


@dataclass(frozen=True, slots=True, order=True)
class WorkloadRoute:
    """A kernel route to a workload of this host.

    Attributes:
        prefix: a /32 or /128.
        interface: host end of the workload's veth pair.
    """

    prefix: str
    interface: str


@dataclass(frozen=True, slots=True, order=True)
class StaticRoute:
    """A kernel route to a peer that is reached by way of another router (reachableBy).

    Attributes:
        prefix: the peer's address as /32 or /128.
        via: the router.
    """

    prefix: str
    via: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolIntent:
    """What a node must know of an address pool.

    Attributes:
        cidr: the pool.
        ipip_mode: "Never", "Always" or "CrossSubnet".
        vxlan_mode: likewise; at most one of the two is not "Never".
        nat_outgoing: masquerade what leaves the pools.
        disabled: no new addresses come from it, and it is no reason to announce anything.
        disable_bgp_export: nothing in it is announced.
    """

    cidr: str
    ipip_mode: str = "Never"
    vxlan_mode: str = "Never"
    nat_outgoing: bool = False
    disabled: bool = False
    disable_bgp_export: bool = False


@dataclass(frozen=True, slots=True, order=True)
class Quarantined:
    """A record that was set aside, so that all the rest could run on.

    Attributes:
        kind: resource kind, e.g. ``Node``; ``Record`` for a key whose value is no resource at all.
        name: the record's name, or its key.
        reason: names the value and what was expected.
    """

    kind: str
    name: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeIntent:
    """Everything one node or reflector should do.

    Attributes:
        name: node name; for a reflector its IPv4 address.
        kind: "node" or "reflector" (a reflector has no data path: no routes, no pools).
        router_id: BGP identifier in IPv4 notation (RFC 6286: any non-zero value).
        local_as: AS number of this speaker.
        cluster_id: in IPv4 notation; None = none configured, a reflector then uses its router id.
        address_v4, address_v6: own address of the family, or None.
        network_v4, network_v6: subnet of that address, or None.
        listen_port: TCP port to listen on.
        bind_mode: "NodeIP" (listen on the own addresses) or "None" (on all of the host's).
        sessions: sorted by family, remote address, port.
        originated: prefixes announced as our own: blocks, and workloads outside them.
        blackholes: own blocks, so that an address of a block that nobody has loops nowhere.
        workloads: kernel routes to local workloads.
        static_routes: kernel routes to peers.
        pools: all usable address pools.
        ignored_interfaces: names or globs of interfaces whose connected routes are not announced.
        log_level: one of Calico's severities, e.g. "Info".
        quarantine: records that were set aside, for status.
    """

    name: str
    kind: str
    router_id: str
    local_as: int
    cluster_id: str | None = None
    address_v4: str | None = None
    network_v4: str | None = None
    address_v6: str | None = None
    network_v6: str | None = None
    listen_port: int = 179
    bind_mode: str = "NodeIP"
    sessions: tuple[SessionIntent, ...] = ()
    originated: tuple[str, ...] = ()
    blackholes: tuple[str, ...] = ()
    workloads: tuple[WorkloadRoute, ...] = ()
    static_routes: tuple[StaticRoute, ...] = ()
    pools: tuple[PoolIntent, ...] = ()
    ignored_interfaces: tuple[str, ...] = ()
    log_level: str = "Info"
    quarantine: tuple[Quarantined, ...] = ()

    def to_dict(self) -> dict[str, object]:
        """Return the intent as plain lists, dicts and scalars, ready for `json.dumps`.

        Filters stand once each in ``filters``; sessions refer to them by index, so a mesh of
        thousands of sessions does not repeat its policy.
        """
        filters = distinct_filters(
            item for session in self.sessions for item in (session.import_filter, session.export_filter)
        )
        content: dict[str, object] = {
            name: getattr(self, name) for name in _names(NodeIntent) if name not in _NESTED and name != "sessions"
        }
        content |= {name: list(getattr(self, name)) for name in _TEXT_LISTS}
        content |= {name: [asdict(item) for item in getattr(self, name)] for name in _NESTED}
        content["format"] = INTENT_FORMAT
        content["filters"] = [filter_to_dict(item) for item in filters]
        content["sessions"] = [_session_to_dict(session, filters) for session in self.sessions]
        return content

    def to_json(self) -> str:
        """Return the intent as one line of JSON, the same text for equal intents."""
        return json.dumps(self.to_dict(), sort_keys=True, ensure_ascii=False, separators=(",", ":"))

    @staticmethod
    def from_dict(content: object, source: str = "intent") -> "NodeIntent":
        """Read what `to_dict` made; `source` names it in errors, e.g. the file.

        Raises:
            DocumentInvalid: a field is missing or wrong, or the format is another version's.
        """
        document = Document(content, source)
        document.number("format", INTENT_FORMAT, INTENT_FORMAT)
        return _read_intent(document)

    @staticmethod
    def from_json(text: str, source: str = "intent") -> "NodeIntent":
        """Read what `to_json` made; `source` names it in errors, e.g. the file.

        Raises:
            DocumentInvalid: the text is not JSON, or not an intent of this format.
        """
        try:
            content = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise DocumentInvalid(source, "", text, f"JSON ({error})") from error
        return NodeIntent.from_dict(content, source)


# ---------------------------------------------------------------- the JSON form

_NESTED: Final = ("workloads", "static_routes", "pools", "quarantine")
_TEXT_LISTS: Final = ("originated", "blackholes", "ignored_interfaces")


def _names(of: type[NodeIntent] | type[SessionIntent]) -> tuple[str, ...]:
    return tuple(item.name for item in fields(of))


def _session_to_dict(session: SessionIntent, filters: dict[FilterIntent, int]) -> dict[str, object]:
    content: dict[str, object] = {name: getattr(session, name) for name in _names(SessionIntent)}
    content["families"] = list(session.families)
    content["roles"] = list(session.roles)
    content["password"] = None if session.password is None else asdict(session.password)
    content["import_filter"] = filters[session.import_filter]
    content["export_filter"] = filters[session.export_filter]
    return content


def _read_intent(document: Document) -> NodeIntent:
    filters = tuple(read_filter(item) for item in document.documents("filters"))
    return NodeIntent(
        name=document.text("name"),
        kind=document.word("kind", ("node", "reflector")),
        router_id=document.text("router_id"),
        local_as=document.number("local_as", 1, AS_NUMBER_MAX),
        cluster_id=document.text_or_none("cluster_id"),
        address_v4=document.text_or_none("address_v4"),
        network_v4=document.text_or_none("network_v4"),
        address_v6=document.text_or_none("address_v6"),
        network_v6=document.text_or_none("network_v6"),
        listen_port=document.number("listen_port", 1, PORT_MAX),
        bind_mode=document.word("bind_mode", BIND_MODES, "NodeIP"),
        sessions=tuple(_read_session(item, filters) for item in document.documents("sessions")),
        originated=document.texts("originated"),
        blackholes=document.texts("blackholes"),
        workloads=tuple(_read_workload(item) for item in document.documents("workloads")),
        static_routes=tuple(_read_static_route(item) for item in document.documents("static_routes")),
        pools=tuple(_read_pool(item) for item in document.documents("pools")),
        ignored_interfaces=document.texts("ignored_interfaces"),
        log_level=document.text("log_level"),
        quarantine=tuple(_read_quarantined(item) for item in document.documents("quarantine")),
    )


def _read_session(document: Document, filters: tuple[FilterIntent, ...]) -> SessionIntent:
    return SessionIntent(
        remote_address=document.text("remote_address"),
        local_address=document.text_or_none("local_address"),
        port=document.number("port", 1, PORT_MAX),
        local_as=document.number("local_as", 1, AS_NUMBER_MAX),
        peer_as=document.number("peer_as", 1, AS_NUMBER_MAX),
        families=document.texts("families"),
        passive=document.flag("passive"),
        is_client=document.flag("is_client"),
        next_hop_mode=document.word("next_hop_mode", NEXT_HOP_MODES),
        password=_read_password(document),
        ttl_security_hops=document.number_or_none("ttl_security_hops", 1, TTL_SECURITY_HOPS_MAX),
        restart_time_s=document.number_or_none("restart_time_s", 0, RESTART_TIME_S_MAX),
        keepalive_time_s=document.number_or_none("keepalive_time_s", 1, KEEPALIVE_TIME_S_MAX),
        allowed_local_as_count=document.number("allowed_local_as_count", 0, ALLOWED_LOCAL_AS_COUNT_MAX, 0),
        add_path=document.word("add_path", ADD_PATH_MODES, "off"),
        roles=document.texts("roles"),
        description=document.text("description"),
        import_filter=filters[document.number("import_filter", 0, len(filters) - 1)],
        export_filter=filters[document.number("export_filter", 0, len(filters) - 1)],
    )


def _read_password(document: Document) -> SecretReference | None:
    if document.content.get("password") is None:
        return None
    reference = document.document("password")
    return SecretReference(reference.text("name"), reference.text("key"))


def _read_static_route(document: Document) -> StaticRoute:
    return StaticRoute(document.text("prefix"), document.text("via"))


def _read_workload(document: Document) -> WorkloadRoute:
    return WorkloadRoute(document.text("prefix"), document.text("interface"))


def _read_pool(document: Document) -> PoolIntent:
    return PoolIntent(
        cidr=document.text("cidr"),
        ipip_mode=document.text("ipip_mode"),
        vxlan_mode=document.text("vxlan_mode"),
        nat_outgoing=document.flag("nat_outgoing"),
        disabled=document.flag("disabled"),
        disable_bgp_export=document.flag("disable_bgp_export"),
    )


def _read_quarantined(document: Document) -> Quarantined:
    return Quarantined(document.text("kind"), document.text("name"), document.text("reason"))
