"""A route reflector that stands alone: its configuration from options or from a file, without a datastore.

What it is for: turning ``tortie reflector run --listen ...`` or a YAML file into the engine's own configuration,
with every mistake named by its place. What it is NOT for: running anything, and the datastore's resources
(``fabric``). It imports neither pydantic nor HTTP nor rich, so that a reflector starts at once and stays small.

RFC 2385 (password_file), RFC 5082 (ttl_security),
RFC 4456 §8 (cluster id, clients), RFC 4271 §4.2 (hold time), RFC 6286 (router id), RFC 7607 (AS 0), RFC 4724 §3
(restart time), RFC 7911 §4 (add_path), RFC 4486 §4 (max_prefixes), RFC 8212 §2 (import, export), RFC 9234 §4 (role).

To know first: `StandaloneConfig`, the result, and this shape of the file::

    listen: {address: 192.0.2.1, port: 179}
    as: 64512
    router_id: 192.0.2.1          # default: the listen address
    cluster_id: 192.0.2.1         # default: the router id
    status_socket: /run/tortie/reflector.sock
    peers:
      - {range: 10.0.0.0/8, client: true}
      - {address: 192.0.2.9, as: 64999, import: all, export: all, role: provider}
      - {address: 192.0.2.10, restart_time: 120, add_path: send}
      - {address: 192.0.2.11, max_prefixes: 10000, max_prefixes_warning: 80, max_prefixes_restart: 900}
      - {address: 192.0.2.11, password_file: /etc/tortie/secrets/edge, ttl_security: 1}

A peer is one `address` that is dialled (unless `passive`) or a `range` from which connections are taken.
"""

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tortie.bgp.engine import (
    PREFIX_RESTART_S_DEFAULT,
    PREFIX_WARNING_PERCENT_DEFAULT,
    RESTART_TIME_S_DEFAULT,
    AddPathMode,
    PeerConfig,
    PrefixLimit,
    RangeConfig,
    SessionOptions,
    SpeakerConfig,
)
from tortie.bgp.policy import ACCEPT_ALL, REJECT_ALL, PrefixFilter
from tortie.bgp.wire import IPV4_UNICAST, IPV6_UNICAST, RESTART_TIME_S_MAX, STALE_TIME_S_MAX, Family, Role
from tortie.speaker.protection import place_of

__all__ = [
    "AS_NUMBER_MAX",
    "HOLD_TIME_S_DEFAULT",
    "PORT_DEFAULT",
    "StandaloneConfig",
    "StandaloneInvalid",
    "client_ranges_config",
    "load_standalone",
]

AS_NUMBER_MAX: Final = 0xFFFFFFFF
AS_NUMBER_DIGITS_MAX: Final = 10
AS_NUMBER_PART_MAX: Final = 0xFFFF
PORT_DEFAULT: Final = 179
PORT_MAX: Final = 65535
HOLD_TIME_S_DEFAULT: Final = 90
HOLD_TIME_S_MAX: Final = 65535
HOLD_TIME_S_MIN: Final = 3
PEERS_MAX: Final = 65536
ROLES: Final = {role.name.lower().replace("_", "-"): role for role in Role}
POLICIES: Final = {"all": ACCEPT_ALL, "none": REJECT_ALL}
PREFIXES_MAX: Final = 0xFFFFFFFF
PREFIXES_RESTART_S_MAX: Final = 30 * 24 * 3600
HOPS_MAX: Final = 255
FAMILY_BY_NAME: Final = {"ipv4": IPV4_UNICAST, "ipv6": IPV6_UNICAST}

TOP_FIELDS: Final = ("listen", "as", "router_id", "cluster_id", "status_socket", "keeps_external", "peers")
LISTEN_FIELDS: Final = ("address", "port")
PEER_FIELDS: Final = (
    "address", "range", "as", "client", "passive", "accept_any_first_as", "hold_time", "port", "families",
    "description", "restart_time", "add_path", "extended_messages", "obeys_graceful_shutdown", "extended_next_hop",
    "long_lived_time", "tells_stale",
    "role", "strict_role", "import", "export", "password_file", "ttl_security", "max_prefixes",
    "max_prefixes_warning", "max_prefixes_restart",
)  # fmt: skip


class StandaloneInvalid(ValueError):
    """The operator's configuration cannot be used; the message says where, what stands there and what is expected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StandaloneConfig:
    """All that a reflector without a datastore needs.

    Attributes:
        listen_address: address to listen on, and to dial from unless it is the wildcard.
        listen_port: TCP port; 0 takes a free one.
        speaker: AS number, router id and cluster id.
        peers: those with an address of their own.
        ranges: those that are taken from a range of addresses.
        status_socket: where status is served, or None for the default place.
        password_files: address or range of a peer → the file with its TCP-MD5 password.
    """

    listen_address: str
    listen_port: int
    speaker: SpeakerConfig
    peers: tuple[PeerConfig, ...]
    ranges: tuple[RangeConfig, ...]
    status_socket: Path | None
    password_files: Mapping[str, Path] = field(default_factory=dict)


def client_ranges_config(  # noqa: PLR0913 - one argument an option of the command
    *,
    listen: str,
    port: int,
    local_as: int | str,
    router_id: str | None,
    cluster_id: str | None,
    client_ranges: Sequence[str],
    max_prefixes: int | None = None,
    password_file: Path | None = None,
    add_path: str = "off",
) -> StandaloneConfig:
    """Return the configuration that the options of ``tortie reflector run`` stand for.

    Args:
        listen: IPv4 or IPv6 address to listen on; may be the wildcard if a router id is given.
        port: TCP port, 0-65535; 0 takes a free one.
        local_as: AS number of the reflector and of its clients.
        router_id: dotted quad; by default the listen address.
        cluster_id: dotted quad; by default the router id (RFC 4456 §7).
        client_ranges: CIDRs; a connection from within becomes a client.
        max_prefixes: how many of each family a client may announce; None: as many as it likes.
        password_file: with the password of all of them; None = they have none.
        add_path: off, receive, send or both: which way clients and we exchange several paths a prefix.

    Raises:
        StandaloneInvalid: an option's value cannot be used; named as the field of a file would be.
    """
    password = {} if password_file is None else {"password_file": str(password_file)}
    document: dict[str, object] = {
        "listen": {"address": listen, "port": port},
        "as": local_as,
        "peers": [
            {"range": client_range, "client": True, "add_path": add_path, "max_prefixes": max_prefixes, **password}
            for client_range in client_ranges
        ],
    }
    if router_id is not None:
        document["router_id"] = router_id
    if cluster_id is not None:
        document["cluster_id"] = cluster_id
    return _config(_Fields(document, "", TOP_FIELDS))


def load_standalone(text: str, source_name: str) -> StandaloneConfig:
    """Return the configuration that a YAML (or JSON) text says.

    Args:
        text: the whole file.
        source_name: its name, for messages.

    Raises:
        StandaloneInvalid: not YAML, an unknown field, or a value that cannot be used.
    """
    import yaml  # noqa: PLC0415 - without --config no YAML is read, and a reflector of ranges needs none

    try:
        document = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = f":{error.problem_mark.line + 1}" if error.problem_mark else ""
        raise StandaloneInvalid(f"{source_name}{line}: not YAML: {error.problem}") from error
    except yaml.YAMLError as error:
        raise StandaloneInvalid(f"{source_name}: not YAML: {error}") from error
    try:
        return _config(_Fields(document, "", TOP_FIELDS))
    except StandaloneInvalid as error:
        raise StandaloneInvalid(f"{source_name}: {error}") from error


class _Fields:
    """One mapping of the document: typed reading of its fields, each mistake named by its path."""

    def __init__(self, value: object, path: str, known: Sequence[str]) -> None:
        """Take a mapping whose keys are all in `known`."""
        self.path = path
        if not isinstance(value, Mapping):
            raise StandaloneInvalid(f"{path or 'the document'}: {_shown(value)}: expected a mapping of fields")
        self._values = value
        for key in value:
            if key not in known:
                raise StandaloneInvalid(f"{self.place(str(key))}: unknown field (known here: {', '.join(known)})")

    def place(self, name: str) -> str:
        """Return the dotted path of a field."""
        return f"{self.path}.{name}" if self.path else name

    def has(self, name: str) -> bool:
        """Tell whether the field is there and not null."""
        return self._values.get(name) is not None

    def get(self, name: str) -> object:
        """Return the field as it stands, None when it is missing."""
        return self._values.get(name)

    def wrong(self, name: str, expected: str) -> StandaloneInvalid:
        """Return the error for a field that is missing or cannot be used."""
        if not self.has(name):
            return StandaloneInvalid(f"{self.place(name)}: missing, expected {expected}")
        return StandaloneInvalid(f"{self.place(name)}: {_shown(self.get(name))}: expected {expected}")

    def integer(self, name: str, low: int, high: int, default: int) -> int:
        """Return a whole number between the two bounds, both included."""
        if not self.has(name):
            return default
        value = self.get(name)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise self.wrong(name, f"a whole number from {low} to {high}")
        return value

    def boolean(self, name: str, default: bool) -> bool:
        """Return true or false."""
        if not self.has(name):
            return default
        value = self.get(name)
        if not isinstance(value, bool):
            raise self.wrong(name, "true or false")
        return value

    def text(self, name: str, default: str) -> str:
        """Return a text."""
        if not self.has(name):
            return default
        value = self.get(name)
        if not isinstance(value, str):
            raise self.wrong(name, "text")
        return value

    def items(self, name: str) -> list[object]:
        """Return a list, empty when the field is missing."""
        value = self.get(name) if self.has(name) else []
        if not isinstance(value, list):
            raise self.wrong(name, "a list")
        return value

    def as_number(self, name: str, default: int | None) -> int:
        """Return an AS number, RFC 6793; dotted text as RFC 5396 writes it is accepted. AS 0 is not (RFC 7607)."""
        if not self.has(name) and default is not None:
            return default
        number = _as_number(self.get(name))
        if number is None:
            raise self.wrong(name, f"an AS number from 1 to {AS_NUMBER_MAX}")
        return number

    def address(self, name: str) -> str:
        """Return an IPv4 or IPv6 address in its canonical text."""
        try:
            address = ipaddress.ip_address(self.text(name, ""))
        except ValueError as error:
            raise self.wrong(name, "an IPv4 or IPv6 address") from error
        if address.is_multicast or (isinstance(address, ipaddress.IPv6Address) and address.scope_id is not None):
            raise self.wrong(name, "an IPv4 or IPv6 address of one host, without a zone")
        return str(address)

    def network(self, name: str) -> str:
        """Return a range of addresses in its canonical text."""
        try:
            return str(ipaddress.ip_network(self.text(name, "")))
        except ValueError as error:
            raise self.wrong(name, f"a range like 10.0.0.0/8 ({error})") from error

    def identifier(self, name: str, default: int | None) -> int:
        """Return a 32-bit identifier that is written as a dotted quad and is not 0.0.0.0 (RFC 6286 §2.1)."""
        if not self.has(name) and default is not None:
            return default
        try:
            identifier = int(ipaddress.IPv4Address(self.text(name, "")))
        except ValueError as error:
            raise self.wrong(name, "an identifier like 192.0.2.1") from error
        if identifier == 0:
            raise self.wrong(name, "an identifier like 192.0.2.1")
        return identifier


def _config(fields: _Fields) -> StandaloneConfig:
    listen = _Fields(fields.get("listen"), "listen", LISTEN_FIELDS)
    address = listen.address("address")
    speaker = _speaker(fields, address)
    peers, ranges, password_files = _peers(fields, speaker, address)
    socket = fields.text("status_socket", "")
    return StandaloneConfig(
        listen_address=address,
        listen_port=listen.integer("port", 0, PORT_MAX, PORT_DEFAULT),
        speaker=speaker,
        peers=peers,
        ranges=ranges,
        status_socket=Path(socket) if socket else None,
        password_files=password_files,
    )


def _speaker(fields: _Fields, listen_address: str) -> SpeakerConfig:
    address = ipaddress.ip_address(listen_address)
    usable = isinstance(address, ipaddress.IPv4Address) and not address.is_unspecified
    router_id = fields.identifier("router_id", int(address) if usable else None)
    return SpeakerConfig(
        local_as=fields.as_number("as", None),
        router_id=router_id,
        cluster_id=fields.identifier("cluster_id", router_id),
        keeps_external=fields.boolean("keeps_external", False),
    )


def _peers(
    fields: _Fields, speaker: SpeakerConfig, listen_address: str
) -> tuple[tuple[PeerConfig, ...], tuple[RangeConfig, ...], dict[str, Path]]:
    """Read the list of peers; an address or a range may stand there once."""
    items = fields.items("peers")
    if len(items) > PEERS_MAX:
        raise StandaloneInvalid(f"peers: {len(items)} of them: expected at most {PEERS_MAX}")
    peers: dict[tuple[str, int], PeerConfig] = {}
    ranges: dict[str, RangeConfig] = {}
    password_files: dict[str, Path | None] = {}
    for index, item in enumerate(items):
        peer = _Fields(item, f"peers[{index}]", PEER_FIELDS)
        if peer.has("address") == peer.has("range"):
            raise StandaloneInvalid(f"{peer.path}: expected either address or range")
        if peer.has("range"):
            dynamic = _range(peer, speaker)
            if ranges.setdefault(dynamic.prefix, dynamic) is not dynamic:
                raise peer.wrong("range", "each range once")
            password_files[dynamic.prefix] = _password_file(peer)
        else:
            fixed = _peer(peer, speaker, listen_address)
            if peers.setdefault((fixed.remote_address, fixed.remote_port), fixed) is not fixed:
                raise peer.wrong("address", "each address and port once")
            if password_files.setdefault(fixed.remote_address, _password_file(peer)) != _password_file(peer):
                raise peer.wrong("password_file", "that of the other peer with this address: it has one password")
    found = {where: file for where, file in password_files.items() if file is not None}
    _check_covered(peers.values(), found)
    return tuple(peers.values()), tuple(ranges.values()), found


def _check_covered(peers: Iterable[PeerConfig], password_files: Mapping[str, Path]) -> None:
    """Refuse a peer without a password in a range with one: the kernel demands the range's of it."""
    for peer in peers:
        where = place_of(password_files, peer.remote_address)
        if where is not None and not peer.options.has_password:
            expected = f"expected a password_file, since it lies in the range {where}, which has one"
            raise StandaloneInvalid(f"peers: address {peer.remote_address}: {expected}")


def _password_file(fields: _Fields) -> Path | None:
    text = fields.text("password_file", "")
    if fields.has("password_file") and not text.startswith("/"):
        raise fields.wrong("password_file", "the absolute path of a file")
    return Path(text) if text else None


def _range(fields: _Fields, speaker: SpeakerConfig) -> RangeConfig:
    """Read a range of addresses: its sessions are always begun by the other end."""
    for name in ("port", "passive"):
        if fields.has(name):
            raise StandaloneInvalid(f"{fields.place(name)}: has no meaning for a range, which is never dialled")
    return RangeConfig(prefix=fields.network("range"), options=_options(fields, speaker, passive=True))


def _peer(fields: _Fields, speaker: SpeakerConfig, listen_address: str) -> PeerConfig:
    """Read one peer with an address of its own."""
    address = fields.address("address")
    if address == listen_address or ipaddress.ip_address(address).is_unspecified:
        raise fields.wrong("address", "the address of another host")
    return PeerConfig(
        remote_address=address,
        remote_port=fields.integer("port", 1, PORT_MAX, PORT_DEFAULT),
        local_address=_source_address(listen_address, address),
        options=_options(fields, speaker, passive=fields.boolean("passive", False)),
    )


def _options(fields: _Fields, speaker: SpeakerConfig, *, passive: bool) -> SessionOptions:
    peer_as = fields.as_number("as", speaker.local_as)
    is_external = peer_as != speaker.local_as
    if fields.has("role") and not is_external:
        raise fields.wrong("role", "none for a peer of the own AS (RFC 9234)")
    return SessionOptions(
        local_as=speaker.local_as,
        peer_as=peer_as,
        families=_families(fields),
        passive=passive,
        is_client=_is_client(fields, speaker, peer_as),
        hold_time_s=_hold_time_s(fields),
        accept_any_first_as=fields.boolean("accept_any_first_as", False),
        restart_time_s=fields.integer("restart_time", 0, RESTART_TIME_S_MAX, RESTART_TIME_S_DEFAULT),
        add_path=_add_path(fields),
        extended_messages=fields.boolean("extended_messages", True),
        obeys_graceful_shutdown=fields.boolean("obeys_graceful_shutdown", False),
        extended_next_hop=fields.boolean("extended_next_hop", False),
        long_lived_s=_long_lived_s(fields),
        tells_stale=fields.boolean("tells_stale", False),
        role=_role(fields),
        is_role_strict=fields.boolean("strict_role", False),
        import_filter=_policy(fields, "import", is_external=is_external),
        export_filter=_policy(fields, "export", is_external=is_external),
        prefix_limit=_prefix_limit(fields),
        has_password=_password_file(fields) is not None,
        ttl_security_hops=fields.integer("ttl_security", 1, HOPS_MAX, 0),
        description=fields.text("description", ""),
    )


def _source_address(listen_address: str, remote_address: str) -> str | None:
    """Return the listen address as the source to dial from, if it is one and of the peer's family."""
    listen, remote = ipaddress.ip_address(listen_address), ipaddress.ip_address(remote_address)
    return None if listen.is_unspecified or listen.version != remote.version else listen_address


def _is_client(fields: _Fields, speaker: SpeakerConfig, peer_as: int) -> bool:
    """Read whether routes are reflected to the peer; only an internal one may be a client (RFC 4456 §1)."""
    is_client = fields.boolean("client", False)
    if is_client and peer_as != speaker.local_as:
        expected = f"false, since its AS {peer_as} is not the reflector's {speaker.local_as}"
        raise fields.wrong("client", expected)
    return is_client


def _hold_time_s(fields: _Fields) -> int:
    """Read the hold time: 0 (no keepalives) or at least 3 s (RFC 4271 §4.2)."""
    seconds = fields.integer("hold_time", 0, HOLD_TIME_S_MAX, HOLD_TIME_S_DEFAULT)
    if 0 < seconds < HOLD_TIME_S_MIN:
        raise fields.wrong("hold_time", f"0, or at least {HOLD_TIME_S_MIN} seconds")
    return seconds


def _role(fields: _Fields) -> Role | None:
    """Read what we are to a peer of another AS (RFC 9234)."""
    value = fields.get("role")
    if not fields.has("role"):
        return None
    if not isinstance(value, str) or value not in ROLES:
        raise fields.wrong("role", " or ".join(ROLES))
    return ROLES[value]


def _long_lived_s(fields: _Fields) -> int:
    """Read for how long routes are kept after the restart time (RFC 9494 §3.1)."""
    seconds = fields.integer("long_lived_time", 0, STALE_TIME_S_MAX, 0)
    if seconds and fields.integer("restart_time", 0, RESTART_TIME_S_MAX, RESTART_TIME_S_DEFAULT) == 0:
        raise fields.wrong("long_lived_time", "0, since restart_time is 0")
    return seconds


def _policy(fields: _Fields, name: str, *, is_external: bool) -> PrefixFilter | None:
    """Read what may come or go. For a peer of another AS it must be said (RFC 8212 §2)."""
    value = fields.get(name)
    if not fields.has(name) and not is_external:
        return None
    if not isinstance(value, str) or value not in POLICIES:
        raise fields.wrong(name, f"{' or '.join(POLICIES)}{'; for a peer of another AS it must be said' * is_external}")
    return POLICIES[value]


def _prefix_limit(fields: _Fields) -> PrefixLimit | None:
    """Read how many prefixes the peer may announce; the other two fields mean nothing without a limit."""
    if not fields.has("max_prefixes"):
        for name in ("max_prefixes_warning", "max_prefixes_restart"):
            if fields.has(name):
                raise StandaloneInvalid(f"{fields.place(name)}: has no meaning without max_prefixes")
        return None
    return PrefixLimit(
        prefixes_max=fields.integer("max_prefixes", 0, PREFIXES_MAX, 0),
        warning_percent=fields.integer("max_prefixes_warning", 1, 100, PREFIX_WARNING_PERCENT_DEFAULT),
        restart_s=fields.integer("max_prefixes_restart", 0, PREFIXES_RESTART_S_MAX, PREFIX_RESTART_S_DEFAULT),
    )


def _add_path(fields: _Fields) -> AddPathMode:
    """Read in which direction several paths a prefix may go; YAML reads a bare `off` as false."""
    value = fields.get("add_path")
    if value is False or not fields.has("add_path"):
        return AddPathMode.OFF
    if not isinstance(value, str) or value not in list(AddPathMode):
        raise fields.wrong("add_path", " or ".join(AddPathMode))
    return AddPathMode(value)


def _families(fields: _Fields) -> tuple[Family, ...]:
    """Read the address families to offer, by default all that there are."""
    if not fields.has("families"):
        return tuple(FAMILY_BY_NAME.values())
    names = fields.items("families")
    families = tuple(FAMILY_BY_NAME[name] for name in names if isinstance(name, str) and name in FAMILY_BY_NAME)
    if not names or len(set(families)) != len(names):
        raise fields.wrong("families", f"a list of {' and '.join(FAMILY_BY_NAME)}, each once")
    return families


def _shown(value: object) -> str:
    """Return a value as messages quote it."""
    if value is None:
        return "nothing"
    return repr(value) if isinstance(value, str | int | float) else f"a {type(value).__name__}"


def _as_number(value: object) -> int | None:
    if isinstance(value, str):
        return _as_number_from_text(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 1 <= value <= AS_NUMBER_MAX else None


def _as_number_from_text(text: str) -> int | None:
    parts = text.split(".")
    if not all(part.isascii() and part.isdigit() and len(part) <= AS_NUMBER_DIGITS_MAX for part in parts):
        return None
    match [int(part) for part in parts]:
        case [number]:
            return number if 1 <= number <= AS_NUMBER_MAX else None
        case [high, low] if high <= AS_NUMBER_PART_MAX and low <= AS_NUMBER_PART_MAX:
            return ((high << 16) | low) or None
        case _:
            return None
