"""Errors of the BGP core.

For: every error that `tortie.bgp` raises, and `Problem`, what a decoder reports instead of raising.
Not for: deciding what to do about them; the session decides.
RFC 4271 §6 (codes and subcodes), RFC 7606 §2 (dispositions).

    BGPError
    ├── RemoteProtocolError         the peer is wrong: answer with NOTIFICATION (code, subcode, data), close
    │   └── NLRIError               a field of prefixes that cannot be parsed
    └── LocalProtocolError          our caller is wrong
        ├── AddressTextError        a text that is no address or prefix
        ├── NextHopUnusableError    a next hop that the family cannot carry
        └── AttributesTooLargeError one attribute set that leaves no room for a prefix in a message
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

UPDATE_MESSAGE_ERROR: Final = 3
INVALID_NETWORK_FIELD: Final = 10


class BGPError(Exception):
    """Base of every error of the BGP core."""


class RemoteProtocolError(BGPError):
    """The peer broke the protocol; the session answers with this NOTIFICATION and closes (RFC 4271 §6).

    Attributes:
        code: NOTIFICATION error code, 0 to 255.
        subcode: NOTIFICATION error subcode, 0 to 255.
        data: NOTIFICATION data field.
    """

    def __init__(self, code: int, subcode: int, data: bytes = b"", message: str = "") -> None:
        """Keep the answer; `message` says what was found and what was expected."""
        super().__init__(message or f"BGP error {code}/{subcode}")
        self.code = code
        self.subcode = subcode
        self.data = data


class NLRIError(RemoteProtocolError):
    """A field of prefixes cannot be parsed (RFC 4271 §6.3 Invalid Network Field, RFC 7606 §5.3)."""

    def __init__(self, message: str) -> None:
        """Keep `message`, which names the octet offset and what is wrong there; the answer is 3/10."""
        super().__init__(UPDATE_MESSAGE_ERROR, INVALID_NETWORK_FIELD, b"", message)


class LocalProtocolError(BGPError):
    """Our caller asked for something that the protocol cannot express."""


class AddressTextError(LocalProtocolError):
    """A text is not an IPv4 or IPv6 address, or not a prefix with its host bits zero."""


class NextHopUnusableError(LocalProtocolError):
    """A next hop has a length that the family (or the session's capabilities) cannot carry."""


class AttributesTooLargeError(LocalProtocolError):
    """An attribute set leaves no room for a single prefix in the largest message of the session."""


class Disposition(IntEnum):
    """What RFC 7606 §2 asks for when an UPDATE has an error, weakest to strongest."""

    ATTRIBUTE_DISCARD = 1
    TREAT_AS_WITHDRAW = 2
    SESSION_RESET = 3


@dataclass(frozen=True, slots=True)
class Problem:
    """One error found in an UPDATE that could still be parsed.

    Attributes:
        code: NOTIFICATION error code of RFC 4271 §6, were the session to be reset.
        subcode: its subcode.
        data: its data field, mostly the attribute as received (flags, code, length, value).
        disposition: what RFC 7606 asks for.
        text: names the attribute, the value found and what was expected.
    """

    code: int
    subcode: int
    data: bytes
    disposition: Disposition
    text: str
