"""The configuration of BIRD 1.6, the generation of the document: a daemon a family, each with a file of its own.

A session carries the family of its connection and no other: what else it is to carry is left out.

What it is NOT for: BIRD 2 (`bird2.py`). The pieces stand in `blocks.py` and `sessions.py`.
"""

from collections.abc import Mapping
from dataclasses import replace

from tortie.fabric.addresses import family_of
from tortie.fabric.bird.bird2 import NO_PASSWORDS
from tortie.fabric.bird.blocks import (
    KERNEL_FILTER,
    SCAN_TIME_S,
    Lines,
    block,
    device_lines,
    direct_interfaces,
    filter_lines,
    filter_names,
    general_lines,
    host_filter,
    static_routes,
)
from tortie.fabric.bird.sessions import channel_lines, is_usable, left_out_line, session_lines, session_name
from tortie.fabric.filter_intent import FilterIntent
from tortie.fabric.intent import NodeIntent, SecretReference, SessionIntent


def render_bird1(intent: NodeIntent, family: str, passwords: Mapping[SecretReference, str] = NO_PASSWORDS) -> str:
    """Return the file of one family's daemon; the same text for equal intents.

    Args:
        intent: of a node or a reflector; a reflector has no routes of its own and writes none to the kernel.
        family: "ipv4" for `bird`, "ipv6" for `bird6`.
        passwords: those at hand; a session that wants another is left out.
    """
    sessions = tuple(
        replace(session, families=(family,))
        for session in intent.sessions
        if family in session.families and family_of(session.remote_address) == family
    )
    names = filter_names(replace(intent, sessions=sessions))
    parts = [
        (*general_lines(intent), _listen(intent, family)),
        *(filter_lines(name, policy) for policy, name in names.items()),
        device_lines(),
    ]
    if intent.kind == "node":
        parts += [host_filter(), block("protocol direct", (direct_interfaces(intent),)), _kernel()]
        routes = static_routes(intent, family)
        if routes:
            parts.append(block("protocol static", routes))
    for session in sessions:
        is_here = is_usable(session, passwords)
        parts.append(_session(intent, session, names, passwords) if is_here else (left_out_line(session),))
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def _listen(intent: NodeIntent, family: str) -> str:
    own = [text for text in (intent.address_v4, intent.address_v6) if text is not None and family_of(text) == family]
    address = f"address {own[0]} " if own and intent.bind_mode == "NodeIP" else ""
    return f"listen bgp {address}port {intent.listen_port};"


def _kernel() -> Lines:
    options = f"learn; persist; scan time {SCAN_TIME_S}; graceful restart; merge paths on;"
    return block("protocol kernel", (f"import all; export filter {KERNEL_FILTER};", options))


def _session(
    intent: NodeIntent,
    session: SessionIntent,
    names: dict[FilterIntent, str],
    passwords: Mapping[SecretReference, str],
) -> Lines:
    address = "" if session.local_address is None else f"{session.local_address} "
    lines = (
        f"local {address}as {session.local_as};",
        *session_lines(intent, session, passwords),
        *channel_lines(intent, session, session.families[0], names),
    )
    return block(f"protocol bgp {session_name(session)}", lines)
