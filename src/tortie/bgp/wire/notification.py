"""NOTIFICATION: why a session ends.

For: the message, its bytes, and its meaning in words. Not for: when to send one (`session`).
RFC 4271 §4.5, §6; RFC 4486; RFC 6608; RFC 7313 §5; RFC 8538 §3; RFC 9003; RFC 9687.

Structure to know: `Notification`.
"""

from dataclasses import dataclass
from typing import Final

from tortie.bgp.errors import LocalProtocolError, RemoteProtocolError
from tortie.bgp.wire.message import (
    BAD_MESSAGE_LENGTH,
    HEADER_LENGTH,
    MESSAGE_HEADER_ERROR,
    MESSAGE_LENGTH_MAX,
    MessageType,
    encode_message,
)

CEASE: Final = 6
ADMINISTRATIVE_SHUTDOWN: Final = 2
ADMINISTRATIVE_RESET: Final = 4
HARD_RESET: Final = 9
SHUTDOWN_MESSAGE_OCTETS_MAX: Final = 255

_BODY_LENGTH_MIN: Final = 2
_OCTET_MAX: Final = 255

_CODES: Final = {
    1: "Message Header Error",
    2: "OPEN Message Error",
    3: "UPDATE Message Error",
    4: "Hold Timer Expired",
    5: "Finite State Machine Error",
    6: "Cease",
    7: "ROUTE-REFRESH Message Error",
    8: "Send Hold Timer Expired",
}
_SUBCODES: Final = {
    (1, 1): "Connection Not Synchronized",
    (1, 2): "Bad Message Length",
    (1, 3): "Bad Message Type",
    (2, 1): "Unsupported Version Number",
    (2, 2): "Bad Peer AS",
    (2, 3): "Bad BGP Identifier",
    (2, 4): "Unsupported Optional Parameter",
    (2, 6): "Unacceptable Hold Time",
    (2, 7): "Unsupported Capability",
    (2, 11): "Role Mismatch",
    (3, 1): "Malformed Attribute List",
    (3, 2): "Unrecognized Well-known Attribute",
    (3, 3): "Missing Well-known Attribute",
    (3, 4): "Attribute Flags Error",
    (3, 5): "Attribute Length Error",
    (3, 6): "Invalid ORIGIN Attribute",
    (3, 8): "Invalid NEXT_HOP Attribute",
    (3, 9): "Optional Attribute Error",
    (3, 10): "Invalid Network Field",
    (3, 11): "Malformed AS_PATH",
    (5, 1): "Unexpected Message in OpenSent",
    (5, 2): "Unexpected Message in OpenConfirm",
    (5, 3): "Unexpected Message in Established",
    (6, 1): "Maximum Number of Prefixes Reached",
    (6, 2): "Administrative Shutdown",
    (6, 3): "Peer De-configured",
    (6, 4): "Administrative Reset",
    (6, 5): "Connection Rejected",
    (6, 6): "Other Configuration Change",
    (6, 7): "Connection Collision Resolution",
    (6, 8): "Out of Resources",
    (6, 9): "Hard Reset",
    (6, 10): "BFD Down",
    (7, 1): "Invalid Message Length",
}


@dataclass(frozen=True, slots=True)
class Notification:
    """A NOTIFICATION message; `code` and `subcode` are 0 to 255, `data` depends on them."""

    code: int
    subcode: int
    data: bytes = b""

    @property
    def text(self) -> str:
        """The meaning in words: `Cease / Administrative Shutdown: "maintenance until 6"`."""
        if not self.is_hard_reset or len(self.data) < _BODY_LENGTH_MIN:
            message = self.shutdown_message
            return f'{self.name}: "{message}"' if message else self.name
        inner = Notification(self.data[0], self.data[1], self.data[2:])
        # One hard reset inside another means nothing more, and would let a peer nest a thousand of them.
        return f"{self.name}: {inner.name if inner.is_hard_reset else inner.text}"

    @property
    def name(self) -> str:
        """Code and subcode in words, whatever the data: `Cease / Hard Reset`."""
        code = _CODES.get(self.code, f"code {self.code}")
        subcode = _SUBCODES.get((self.code, self.subcode), f"subcode {self.subcode}" if self.subcode else "")
        return f"{code} / {subcode}" if subcode else code

    @property
    def is_hard_reset(self) -> bool:
        """Whether the session ends for good, graceful restart or not (RFC 8538 §3.1)."""
        return self.code == CEASE and self.subcode == HARD_RESET

    @property
    def shutdown_message(self) -> str:
        """The operator's message of RFC 9003 §2, empty when there is none; unprintable octets are escaped."""
        if self.code != CEASE or self.subcode not in (ADMINISTRATIVE_SHUTDOWN, ADMINISTRATIVE_RESET):
            return ""
        if not self.data or len(self.data) < 1 + self.data[0]:
            return ""
        text = self.data[1 : 1 + self.data[0]].decode("utf-8", "backslashreplace")
        return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def shutdown_data(message: str) -> bytes:
    """Return the data of Cease / Administrative Shutdown or Reset that carries `message` (RFC 9003 §2).

    Raises:
        LocalProtocolError: the message is longer than 255 octets of UTF-8, or no text that UTF-8 can carry.
    """
    try:
        encoded = message.encode()
    except UnicodeEncodeError as error:
        raise LocalProtocolError(f"shutdown message: {message!a} is no text that UTF-8 can carry") from error
    if len(encoded) > SHUTDOWN_MESSAGE_OCTETS_MAX:
        raise LocalProtocolError(
            f"shutdown message: {len(encoded)} octets of UTF-8, at most {SHUTDOWN_MESSAGE_OCTETS_MAX} allowed"
        )
    return bytes((len(encoded),)) + encoded if encoded else b""


def hard_reset(notification: Notification) -> Notification:
    """Return the Hard Reset that carries `notification` (RFC 8538 §3.1)."""
    data = bytes((notification.code, notification.subcode)) + notification.data
    return Notification(CEASE, HARD_RESET, data)


def decode_notification(body: bytes) -> Notification:
    """Decode the body of a NOTIFICATION.

    Raises:
        RemoteProtocolError: 1/2, shorter than 2 octets. It must not be answered (RFC 4271 §6.4).
    """
    if len(body) < _BODY_LENGTH_MIN:
        length = HEADER_LENGTH + len(body)
        text = f"NOTIFICATION of {length} octets, expected at least {HEADER_LENGTH + _BODY_LENGTH_MIN}"
        raise RemoteProtocolError(MESSAGE_HEADER_ERROR, BAD_MESSAGE_LENGTH, length.to_bytes(2), text)
    return Notification(body[0], body[1], body[2:])


def encode_notification(notification: Notification, length_max: int = MESSAGE_LENGTH_MAX) -> bytes:
    """Encode a whole NOTIFICATION message of at most `length_max` octets; data that do not fit are cut (RFC 8654 §4).

    Raises:
        LocalProtocolError: a code is not 0 to 255.
    """
    if not (0 <= notification.code <= _OCTET_MAX and 0 <= notification.subcode <= _OCTET_MAX):
        raise LocalProtocolError(f"NOTIFICATION {notification.code}/{notification.subcode}: expected 0 to 255")
    body = bytes((notification.code, notification.subcode)) + notification.data
    return encode_message(MessageType.NOTIFICATION, body[: length_max - HEADER_LENGTH])
