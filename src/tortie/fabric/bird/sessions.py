"""One BGP session as lines of a BIRD configuration.

A session has lines of its own and lines of its channel: BIRD 2 sets the latter in braces of the family, BIRD 1.6 has
them among the others. What it is NOT for: which sessions there are. RFC 4456 §8 (clients), RFC 5082 (TTL), RFC 2385
(passwords: a session whose password is not at hand is left out, never opened without one).
"""

from collections.abc import Mapping
from typing import Final

from tortie.fabric.addresses import family_of
from tortie.fabric.bird.blocks import Lines, filter_word, is_quotable, of_family, quoted
from tortie.fabric.filter_intent import FilterIntent
from tortie.fabric.intent import NodeIntent, SecretReference, SessionIntent

Passwords = Mapping[SecretReference, str]
"""Where a password is kept → the password."""

TIMERS: Final = "connect delay time 2; connect retry time 5; error wait time 5,30;"
KEEPALIVES_PER_HOLD_TIME: Final = 3
ROLE_WORDS: Final = {
    "mesh": "Mesh", "global": "Global", "node": "Node", "reflector-mesh": "Mesh", "local-workload": "Local_Workload",
}  # fmt: skip
NEXT_HOP_LINES: Final = {"auto": (), "self": ("next hop self;",), "keep": ("next hop keep;",)}
ADD_PATH_LINES: Final = {
    "off": (), "receive": ("add paths rx;",), "send": ("add paths tx;",), "both": ("add paths on;",),
}  # fmt: skip
PORT_DEFAULT: Final = 179


def session_name(session: SessionIntent) -> str:
    """Return the name of a session's protocol, upstream's way: role, peer's address, and its port if it is another."""
    address = session.remote_address.replace(".", "_").replace(":", "_")
    port = "" if session.port == PORT_DEFAULT else f"_port_{session.port}"
    return f"{ROLE_WORDS[session.roles[0]]}_{address}{port}"


def is_usable(session: SessionIntent, passwords: Passwords) -> bool:
    """Return False for a session whose password is not at hand, or cannot be written."""
    if session.password is None:
        return True
    return session.password in passwords and is_quotable(passwords[session.password])


def left_out_line(session: SessionIntent) -> str:
    """Return what stands in the place of a session that is not usable."""
    return f"# {session_name(session)} is left out: its password is not at hand, or BIRD cannot quote it"


def session_lines(intent: NodeIntent, session: SessionIntent, passwords: Passwords) -> Lines:
    """Return the lines of a session but for its channel and the end at which it listens."""
    lines = [f"description {quoted(session.description)};", f"neighbor {_neighbor(session)};", _hops(session)]
    if session.passive:
        lines.append("passive yes;")
    if session.is_client:
        lines.append(f"rr client; rr cluster id {intent.cluster_id or intent.router_id};")
    if session.password is not None:
        lines.append(f"password {quoted(passwords[session.password])};")
    if session.keepalive_time_s is not None:
        hold = KEEPALIVES_PER_HOLD_TIME * session.keepalive_time_s
        lines.append(f"hold time {hold}; keepalive time {session.keepalive_time_s};")
    if session.allowed_local_as_count:
        lines.append(f"allow local as {session.allowed_local_as_count};")
    lines.append("graceful restart yes;")
    if session.restart_time_s is not None:
        lines.append(f"graceful restart time {session.restart_time_s};")
    return (*lines, TIMERS)


def channel_lines(intent: NodeIntent, session: SessionIntent, family: str, names: dict[FilterIntent, str]) -> Lines:
    """Return the lines of a session's channel for a family."""
    return (
        f"import {filter_word(of_family(session.import_filter, family), names)};",
        f"export {filter_word(of_family(session.export_filter, family), names)};",
        "gateway recursive;",
        *_next_hop(intent, session, family),
        *ADD_PATH_LINES[session.add_path],
    )


def _next_hop(intent: NodeIntent, session: SessionIntent, family: str) -> Lines:
    """Return how next hops are set; where the connection is of the other family, the own address is named."""
    own = {"ipv4": intent.address_v4, "ipv6": intent.address_v6}[family]
    if session.next_hop_mode == "self" and family_of(session.remote_address) != family and own is not None:
        return (f"next hop address {own};",)
    return NEXT_HOP_LINES[session.next_hop_mode]


def _neighbor(session: SessionIntent) -> str:
    return f"{session.remote_address} port {session.port} as {session.peer_as}"


def _hops(session: SessionIntent) -> str:
    if session.ttl_security_hops is None:
        return "multihop;"
    return f"multihop {session.ttl_security_hops}; ttl security on;"
