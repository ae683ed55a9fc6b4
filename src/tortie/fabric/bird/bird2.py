"""The configuration of BIRD 2: one file, both families, a channel in each protocol.

What it is NOT for: BIRD 1.6 (`bird1.py`). The pieces stand in `blocks.py` and `sessions.py`.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from tortie.fabric.addresses import FAMILIES
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

NO_PASSWORDS: Final[Mapping[SecretReference, str]] = MappingProxyType({})


def render_bird2(intent: NodeIntent, passwords: Mapping[SecretReference, str] = NO_PASSWORDS) -> str:
    """Return the whole file; the same text for equal intents.

    Args:
        intent: of a node or a reflector; a reflector has no routes of its own and writes none to the kernel.
        passwords: those at hand; a session that wants another is left out.
    """
    names = filter_names(intent)
    parts = [general_lines(intent), *(filter_lines(name, policy) for policy, name in names.items()), device_lines()]
    if intent.kind == "node":
        parts += [host_filter(), _direct(intent), *_kernel_and_blocks(intent)]
    for session in intent.sessions:
        is_here = is_usable(session, passwords)
        parts.append(_session(intent, session, names, passwords) if is_here else (left_out_line(session),))
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def _direct(intent: NodeIntent) -> Lines:
    return block("protocol direct", (*(f"{family};" for family in FAMILIES), direct_interfaces(intent)))


def _kernel_and_blocks(intent: NodeIntent) -> list[Lines]:
    parts = []
    for family in FAMILIES:
        channel = f"{family} {{ import all; export filter {KERNEL_FILTER}; }};"
        options = f"learn; persist; scan time {SCAN_TIME_S}; graceful restart; merge paths on;"
        parts.append(block(f"protocol kernel kernel_{family}", (channel, options)))
        routes = static_routes(intent, family)
        if routes:
            parts.append(block(f"protocol static static_{family}", (f"{family};", *routes)))
    return parts


def _session(
    intent: NodeIntent,
    session: SessionIntent,
    names: dict[FilterIntent, str],
    passwords: Mapping[SecretReference, str],
) -> Lines:
    address = "" if session.local_address is None else f"{session.local_address} "
    is_bound = intent.bind_mode == "NodeIP" and session.local_address is not None
    lines = (
        f"local {address}port {intent.listen_port} as {session.local_as};",
        *(("strict bind yes;",) if is_bound else ()),
        *session_lines(intent, session, passwords),
        *(f"{family} {{ {' '.join(channel_lines(intent, session, family, names))} }};" for family in session.families),
    )
    return block(f"protocol bgp {session_name(session)}", lines)
