"""Words of the rows: reactions, and messages put together.

Not for: rows. RFC 7606 §2 names the reactions.
"""

from collections.abc import Callable
from typing import Final

from support.malformed.bench import med, update
from support.malformed.row import Reaction, Row, Side
from tortie.bgp.wire import MessageType, encode_message

WITHDRAW: Final = Reaction("treat-as-withdraw")
WITHDRAWN: Final = Reaction("withdraw")
ACCEPT: Final = Reaction("accept", is_usable=True)
IGNORE: Final = Reaction("ignore", is_ignored=True)
DISCARD: Final = Reaction("attribute discard", is_usable=True)
OPTIONAL, TRANSITIVE, PARTIAL, EXTENDED = 0x80, 0x40, 0x20, 0x10

Message = Callable[[Side], bytes]


def wire(text: str) -> bytes:
    """Read octets in hexadecimal."""
    return bytes.fromhex(text)


def reset(code: int, subcode: int, data: bytes | None = None) -> Reaction:
    """Answer with a NOTIFICATION and end the session."""
    return Reaction(f"reset {code}/{subcode}", notification=(code, subcode), data=data)


def discard(field: str) -> Reaction:
    """Use the path as if the attribute were not there."""
    return Reaction("attribute discard", is_usable=True, absent=field)


def unused(rejection: str) -> Reaction:
    """Keep the path, and use it for nothing; what it replaces is gone."""
    return Reaction(f"do not use ({rejection})", rejection=rejection)


def raw_update(body: bytes) -> Message:
    """An UPDATE of which only the header is ours."""
    return lambda _side: encode_message(MessageType.UPDATE, body)


def announced(nlri: bytes, withdrawn: bytes = b"") -> Message:
    """An UPDATE with sound attributes."""
    return lambda side: update(side.base + med(2), nlri, withdrawn)


def both(name: str, what: str, rfc: str, message: Message, reaction: Reaction, **more: object) -> Row:
    """A row whose reaction is the same on either session."""
    return Row(name, what, rfc, message, reaction, reaction, **more)  # type: ignore[arg-type]  # fields of the dataclass


def header(length: int, message_type: int, body: bytes = b"", marker: bytes = b"\xff" * 16) -> Message:
    """A message whose header says what it likes."""
    return lambda _side: marker + length.to_bytes(2) + bytes((message_type,)) + body
