"""Netlink framing: headers, attributes, acknowledgements. Pure.

For: cutting what the kernel sends into messages and attributes, and building requests from parts. Not for: what
stands in a route or a link (`netlink_route`, `netlink_interface`), or any socket (`netlink`).
RFC 3549 §2 (netlink as a protocol); netlink(7), rtnetlink(7) fix the numbers. All integers are in host byte order.

    +--------+--------+--------+----------+-----------+
    | length | type   | flags  | sequence | port id   |   payload, padded to 4 octets
    |   4    |   2    |   2    |    4     |     4     |
    +--------+--------+--------+----------+-----------+

Structures to know: `Header`, one message's place in a datagram, and `Acknowledgement`.
"""

import errno as errno_numbers
import os
import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

from tortie.node.errors import NetlinkMessageInvalid

__all__ = [
    "ATTRIBUTE_HEADER_LENGTH",
    "HEADER_LENGTH",
    "HEADER_STRUCT",
    "Acknowledgement",
    "Header",
    "attribute",
    "attributes",
    "decode_acknowledgement",
    "decode_done",
    "encode_message",
    "errno_name",
    "headers",
]

NLMSG_NOOP: Final = 1
NLMSG_ERROR: Final = 2
NLMSG_DONE: Final = 3
NLMSG_OVERRUN: Final = 4

NLM_F_REQUEST: Final = 0x001
NLM_F_MULTI: Final = 0x002
NLM_F_ACK: Final = 0x004
NLM_F_DUMP_INTR: Final = 0x010
NLM_F_DUMP: Final = 0x300
NLM_F_REPLACE: Final = 0x100
NLM_F_EXCL: Final = 0x200
NLM_F_CREATE: Final = 0x400
NLM_F_APPEND: Final = 0x800
NLM_F_CAPPED: Final = 0x100
NLM_F_ACK_TLVS: Final = 0x200

NLMSGERR_ATTR_MSG: Final = 1

HEADER_STRUCT: Final = struct.Struct("=IHHII")
HEADER_LENGTH: Final = 16
ATTRIBUTE_HEADER_LENGTH: Final = 4
ATTRIBUTE_TYPE_MASK: Final = 0x3FFF  # without NLA_F_NESTED and NLA_F_NET_BYTEORDER

_ATTRIBUTE_HEADER: Final = struct.Struct("=HH")
_ERROR: Final = struct.Struct("=i")
_ERROR_LENGTH: Final = 4


class Header(NamedTuple):
    """One message in a datagram.

    Attributes:
        type: NLMSG_* or RTM_* number.
        flags: NLM_F_* bits.
        sequence: of the request that this answers; of an event, of the request that caused it.
        port_id: of an event, the socket whose request caused it; 0 is the kernel itself.
        start: octet at which the payload starts.
        end: octet behind the payload.
    """

    type: int
    flags: int
    sequence: int
    port_id: int
    start: int
    end: int


class Acknowledgement(NamedTuple):
    """The kernel's answer to one request.

    Attributes:
        errno: positive; 0 is success.
        message: the kernel's own words (extended acknowledgement), often empty.
    """

    errno: int
    message: str


def encode_message(message_type: int, flags: int, sequence: int, payload: bytes) -> bytes:
    """Return a whole message; `payload` must be padded to 4 octets."""
    return HEADER_STRUCT.pack(HEADER_LENGTH + len(payload), message_type, flags, sequence, 0) + payload


def headers(data: bytes) -> Iterator[Header]:
    """Walk over the messages of a datagram.

    Raises:
        NetlinkMessageInvalid: a length below the header's or beyond the datagram.
    """
    offset = 0
    size = len(data)
    while offset + HEADER_LENGTH <= size:
        length, message_type, flags, sequence, port_id = HEADER_STRUCT.unpack_from(data, offset)
        end = offset + length
        if length < HEADER_LENGTH or end > size:
            raise NetlinkMessageInvalid(
                f"message at octet {offset}: length {length}, expected {HEADER_LENGTH} to {size - offset}"
            )
        yield Header(message_type, flags, sequence, port_id, offset + HEADER_LENGTH, end)
        offset = (end + 3) & ~3
    if offset < size:
        raise NetlinkMessageInvalid(f"{size - offset} octets behind the last message, expected none")


def attribute(attribute_type: int, value: bytes) -> bytes:
    """Return one attribute, padded to 4 octets."""
    return _ATTRIBUTE_HEADER.pack(ATTRIBUTE_HEADER_LENGTH + len(value), attribute_type) + value + bytes(-len(value) % 4)


def attributes(data: bytes, start: int, end: int) -> dict[int, bytes]:
    """Return type → value of the attributes in `data[start:end]`; of a repeated type, the first.

    Raises:
        NetlinkMessageInvalid: an attribute's length is below its header's or beyond `end`.
    """
    found: dict[int, bytes] = {}
    while start + ATTRIBUTE_HEADER_LENGTH <= end:
        length, attribute_type = _ATTRIBUTE_HEADER.unpack_from(data, start)
        if length < ATTRIBUTE_HEADER_LENGTH or start + length > end:
            raise NetlinkMessageInvalid(
                f"attribute at octet {start}: length {length}, expected {ATTRIBUTE_HEADER_LENGTH} to {end - start}"
            )
        found.setdefault(attribute_type & ATTRIBUTE_TYPE_MASK, data[start + ATTRIBUTE_HEADER_LENGTH : start + length])
        start += (length + 3) & ~3
    return found


def decode_acknowledgement(data: bytes, header: Header) -> Acknowledgement:
    """Return what an NLMSG_ERROR message says (it is the acknowledgement as well: errno 0).

    Raises:
        NetlinkMessageInvalid: too short, or broken attributes.
    """
    try:
        (number,) = _ERROR.unpack_from(data, header.start)
    except struct.error as error:
        raise NetlinkMessageInvalid(f"acknowledgement at octet {header.start}: shorter than its errno") from error
    if not header.flags & NLM_F_ACK_TLVS:
        return Acknowledgement(-number, "")
    start = header.start + _ERROR_LENGTH + HEADER_LENGTH
    if not header.flags & NLM_F_CAPPED:
        start = header.start + _ERROR_LENGTH + _request_length(data, header)
    return Acknowledgement(-number, _kernel_words(data, start, header.end))


def decode_done(data: bytes, header: Header) -> Acknowledgement:
    """Return what an NLMSG_DONE message, the end of a dump, says: a dump that failed midway says so here.

    Raises:
        NetlinkMessageInvalid: broken attributes.
    """
    if header.end - header.start < _ERROR_LENGTH:
        return Acknowledgement(0, "")
    (number,) = _ERROR.unpack_from(data, header.start)
    has_words = header.flags & NLM_F_ACK_TLVS
    words = _kernel_words(data, header.start + _ERROR_LENGTH, header.end) if has_words else ""
    return Acknowledgement(max(0, -number), words)


def _kernel_words(data: bytes, start: int, end: int) -> str:
    text = attributes(data, start, end).get(NLMSGERR_ATTR_MSG, b"")
    return text.rstrip(b"\0").decode("utf-8", "replace")


def _request_length(data: bytes, header: Header) -> int:
    """Return the padded length of the request that an uncapped acknowledgement quotes."""
    try:
        (length, *_) = HEADER_STRUCT.unpack_from(data, header.start + _ERROR_LENGTH)
    except struct.error as error:
        raise NetlinkMessageInvalid(f"acknowledgement at octet {header.start}: no request in it") from error
    return (int(length) + 3) & ~3


def errno_name(number: int) -> str:
    """Return `ENETUNREACH (Network is unreachable)` for an error number."""
    return f"{errno_numbers.errorcode.get(number, f'errno {number}')} ({os.strerror(number)})"
