"""OPEN: how a speaker introduces itself.

For: the message and its bytes. Not for: whether its AS or hold time suits a session (`session`).
RFC 4271 §4.2, §6.2; RFC 5492 §4; RFC 6286 §2.2; RFC 6793 §4.1; RFC 7607 §2; RFC 9072 §2.

Structure to know: `Open`.

    +-------------+---------+---------------+---------------+----------------+----------------------+
    | version (1) | AS (2)  | hold time (2) | router id (4) | length (1)     | optional parameters  |
    +-------------+---------+---------------+---------------+----------------+----------------------+
    parameter: type (1), length (1), value   RFC 9072: 255, 255, length (2), then type (1), length (2), value
"""

from dataclasses import dataclass
from typing import Final

from tortie.bgp.errors import LocalProtocolError, RemoteProtocolError
from tortie.bgp.wire.capability import (
    OPEN_MESSAGE_ERROR,
    UNSPECIFIC,
    Capability,
    FourOctetAS,
    decode_capabilities,
    encode_capability,
)
from tortie.bgp.wire.message import (
    BAD_MESSAGE_LENGTH,
    HEADER_LENGTH,
    MESSAGE_HEADER_ERROR,
    MESSAGE_LENGTH_MAX,
    MessageType,
    encode_message,
)
from tortie.bgp.wire.segment import AS_TRANS, FOUR_OCTET_AS_MAX, TWO_OCTET_AS_MAX

VERSION: Final = 4
HOLD_TIME_S_MIN: Final = 3
HOLD_TIME_S_MAX: Final = 65535
ROUTER_ID_MAX: Final = 0xFFFFFFFF

UNSUPPORTED_VERSION: Final = 1
BAD_PEER_AS: Final = 2
BAD_BGP_IDENTIFIER: Final = 3
UNSUPPORTED_OPTIONAL_PARAMETER: Final = 4
UNACCEPTABLE_HOLD_TIME: Final = 6

_BODY_LENGTH_MIN: Final = 10
_CAPABILITIES_PARAMETER: Final = 2
_EXTENDED_MARK: Final = 255
_EXTENDED_START: Final = 13
_PARAMETER_LENGTH_MAX: Final = 253


@dataclass(slots=True, kw_only=True)
class Open:
    """An OPEN message.

    Attributes:
        version: 4; nothing else is ever decoded.
        asn: the speaker's real AS number, 32-bit unsigned; from the 4-octet AS capability when present.
        hold_time_s: proposed hold time in seconds: 0, or 3 to 65535.
        router_id: BGP Identifier, 32-bit unsigned, not 0.
        capabilities: in order of receipt.
    """

    version: int = VERSION
    asn: int
    hold_time_s: int
    router_id: int
    capabilities: tuple[Capability, ...] = ()


def decode_open(body: bytes) -> Open:
    """Decode the body of an OPEN.

    Raises:
        RemoteProtocolError: 2/0 malformed parameters or capabilities, 2/1 version (data: 4 in 2 octets),
            2/2 AS 0, 2/3 router id 0, 2/4 a parameter that is no capability, 2/6 hold time 1 or 2.
    """
    if len(body) < _BODY_LENGTH_MIN:
        length = HEADER_LENGTH + len(body)
        text = f"OPEN of {length} octets, expected at least {HEADER_LENGTH + _BODY_LENGTH_MIN}"
        raise RemoteProtocolError(MESSAGE_HEADER_ERROR, BAD_MESSAGE_LENGTH, length.to_bytes(2), text)
    if body[0] != VERSION:
        raise _open_error(UNSUPPORTED_VERSION, f"version {body[0]}, expected {VERSION}", VERSION.to_bytes(2))
    capabilities = tuple(
        capability for value in _capability_parameters(body) for capability in decode_capabilities(value)
    )
    asn = _real_as(int.from_bytes(body[1:3]), capabilities)
    hold_time_s = int.from_bytes(body[3:5])
    router_id = int.from_bytes(body[5:9])
    if asn == 0:
        raise _open_error(BAD_PEER_AS, "AS 0, which is nobody's (RFC 7607)")
    if router_id == 0:
        raise _open_error(BAD_BGP_IDENTIFIER, "BGP Identifier 0.0.0.0, expected one that is not zero")
    if 0 < hold_time_s < HOLD_TIME_S_MIN:
        raise _open_error(UNACCEPTABLE_HOLD_TIME, f"hold time {hold_time_s} s, expected 0 or at least 3 s")
    return Open(asn=asn, hold_time_s=hold_time_s, router_id=router_id, capabilities=capabilities)


def encode_open(message: Open) -> bytes:
    """Encode a whole OPEN message; AS_TRANS stands for an AS number that needs 4 octets.

    All capabilities go into one parameter, in the extended form (RFC 9072) when they need it.

    Raises:
        LocalProtocolError: a field is out of range, an AS above 65535 comes without the 4-octet AS
            capability, or the capabilities do not fit a message of 4096 octets.
    """
    _check_fields(message)
    capabilities = b"".join(map(encode_capability, message.capabilities))
    fixed = (
        bytes((message.version,))
        + (message.asn if message.asn <= TWO_OCTET_AS_MAX else AS_TRANS).to_bytes(2)
        + message.hold_time_s.to_bytes(2)
        + message.router_id.to_bytes(4)
    )
    encoded = encode_message(MessageType.OPEN, fixed + _encode_parameters(capabilities))
    if len(encoded) > MESSAGE_LENGTH_MAX:
        raise LocalProtocolError(f"OPEN: {len(encoded)} octets, at most {MESSAGE_LENGTH_MAX} allowed")
    return encoded


def _open_error(subcode: int, text: str, data: bytes = b"") -> RemoteProtocolError:
    return RemoteProtocolError(OPEN_MESSAGE_ERROR, subcode, data, f"OPEN: {text}")


def _real_as(two_octet_as: int, capabilities: tuple[Capability, ...]) -> int:
    for capability in capabilities:
        if isinstance(capability, FourOctetAS):
            return capability.asn
    return two_octet_as


def _capability_parameters(body: bytes) -> list[bytes]:
    """Return the values of the capability parameters; RFC 9072 §2 tells the extended form by its type 255."""
    length = body[9]
    if length and len(body) > _BODY_LENGTH_MIN and body[10] == _EXTENDED_MARK:
        if len(body) < _EXTENDED_START:
            raise _open_error(UNSPECIFIC, "extended optional parameters without their length")
        length, start, length_size = int.from_bytes(body[11:13]), _EXTENDED_START, 2
    else:
        start, length_size = _BODY_LENGTH_MIN, 1
    if start + length != len(body):
        raise _open_error(UNSPECIFIC, f"optional parameters of {length} octets, {len(body) - start} present")
    return _cut_parameters(body, start, length_size)


def _cut_parameters(body: bytes, start: int, length_size: int) -> list[bytes]:
    values: list[bytes] = []
    while start < len(body):
        value_start = start + 1 + length_size
        if value_start > len(body):
            raise _open_error(UNSPECIFIC, f"optional parameter at octet {start} has no room for its length")
        value_end = value_start + int.from_bytes(body[start + 1 : value_start])
        if value_end > len(body):
            raise _open_error(UNSPECIFIC, f"optional parameter {body[start]} runs past the message")
        if body[start] != _CAPABILITIES_PARAMETER:
            text = f"optional parameter {body[start]}, expected 2 (capabilities)"
            raise _open_error(UNSUPPORTED_OPTIONAL_PARAMETER, text)
        values.append(body[value_start:value_end])
        start = value_end
    return values


def _encode_parameters(capabilities: bytes) -> bytes:
    size = len(capabilities)
    if not size:
        return bytes(1)
    if size <= _PARAMETER_LENGTH_MAX:
        return bytes((size + 2, _CAPABILITIES_PARAMETER, size)) + capabilities
    parameter = bytes((_CAPABILITIES_PARAMETER,)) + size.to_bytes(2) + capabilities
    return bytes((_EXTENDED_MARK, _EXTENDED_MARK)) + len(parameter).to_bytes(2) + parameter


def _check_fields(message: Open) -> None:
    has_four_octet_as = any(isinstance(capability, FourOctetAS) for capability in message.capabilities)
    as_max = FOUR_OCTET_AS_MAX if has_four_octet_as else TWO_OCTET_AS_MAX
    if not 0 < message.asn <= as_max:
        raise LocalProtocolError(f"OPEN: AS {message.asn}, expected 1 to {as_max}")
    if not 0 < message.router_id <= ROUTER_ID_MAX:
        raise LocalProtocolError(f"OPEN: router id {message.router_id}, expected 1 to {ROUTER_ID_MAX}")
    if message.hold_time_s != 0 and not HOLD_TIME_S_MIN <= message.hold_time_s <= HOLD_TIME_S_MAX:
        raise LocalProtocolError(f"OPEN: hold time {message.hold_time_s} s, expected 0 or 3 to {HOLD_TIME_S_MAX}")
