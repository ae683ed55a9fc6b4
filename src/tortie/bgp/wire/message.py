"""Message framing: the header that every BGP message begins with.

For: cutting a byte stream into messages and putting headers on. Not for: what a message says
(`open`, `update`, `notification`, `route_refresh`). RFC 4271 §4.1, §6.1; RFC 8654 §4.

Structure to know: `MessageReader`, one a connection.

    +---------------------------+--------------+------------+
    | marker, 16 octets of ones | length (2)   | type (1)   |  length counts the header's 19 octets
    +---------------------------+--------------+------------+
"""

from enum import IntEnum
from typing import Final

from tortie.bgp.errors import LocalProtocolError, RemoteProtocolError

MARKER: Final = b"\xff" * 16
HEADER_LENGTH: Final = 19
MESSAGE_LENGTH_MAX: Final = 4096
MESSAGE_LENGTH_MAX_EXTENDED: Final = 65535

MESSAGE_HEADER_ERROR: Final = 1
CONNECTION_NOT_SYNCHRONIZED: Final = 1
BAD_MESSAGE_LENGTH: Final = 2
BAD_MESSAGE_TYPE: Final = 3

_MARKER_LENGTH: Final = 16
_TYPE_INDEX: Final = 18


class MessageType(IntEnum):
    """Type octet of the header (RFC 4271 §4.1, RFC 2918 §3)."""

    OPEN = 1
    UPDATE = 2
    NOTIFICATION = 3
    KEEPALIVE = 4
    ROUTE_REFRESH = 5


# Shortest and longest message of each type. A ROUTE-REFRESH of a wrong length is judged by its decoder:
# the answer depends on what was negotiated (RFC 7313 §5). RFC 8654 §4 exempts OPEN and KEEPALIVE.
_LENGTHS: Final[dict[int, tuple[MessageType, int, int]]] = {
    1: (MessageType.OPEN, 29, MESSAGE_LENGTH_MAX),
    2: (MessageType.UPDATE, 23, MESSAGE_LENGTH_MAX_EXTENDED),
    3: (MessageType.NOTIFICATION, 21, MESSAGE_LENGTH_MAX_EXTENDED),
    4: (MessageType.KEEPALIVE, 19, HEADER_LENGTH),
    5: (MessageType.ROUTE_REFRESH, 19, MESSAGE_LENGTH_MAX_EXTENDED),
}


def encode_message(message_type: MessageType, body: bytes) -> bytes:
    """Return a whole message: header and `body`.

    Raises:
        LocalProtocolError: header and body are longer than 65,535 octets.
    """
    length = HEADER_LENGTH + len(body)
    if length > MESSAGE_LENGTH_MAX_EXTENDED:
        raise LocalProtocolError(f"{message_type.name}: {length} octets, at most 65535 fit the length field")
    return MARKER + length.to_bytes(2) + bytes((message_type,)) + body


KEEPALIVE: Final = encode_message(MessageType.KEEPALIVE, b"")


class MessageReader:
    """Cuts the bytes of one connection into messages.

    Holds at most what was fed and not yet taken. After an error the stream has no boundary left to trust:
    every further call raises the same error.

    Attributes:
        length_max: longest message accepted, in octets; set it to 65,535 when both sides have sent the
            Extended Message capability (RFC 8654 §4).
    """

    __slots__ = ("_buffer", "_error", "_start", "length_max")

    def __init__(self, length_max: int = MESSAGE_LENGTH_MAX) -> None:
        """Begin with nothing received."""
        self.length_max = length_max
        self._buffer = b""
        self._start = 0
        self._error: RemoteProtocolError | None = None

    def feed(self, data: bytes) -> None:
        """Add bytes as they came from the connection; any cut will do."""
        self._buffer = self._buffer[self._start :] + data if self._start < len(self._buffer) else data
        self._start = 0

    def next_message(self) -> tuple[MessageType, bytes] | None:
        """Return type and body (no header) of the next message, None until it is complete.

        Raises:
            RemoteProtocolError: 1/1 marker, 1/2 length (data: the length field), 1/3 type (data: the type).
        """
        buffer = self._buffer
        start = self._start
        body_start = start + HEADER_LENGTH
        if body_start > len(buffer):
            return None
        type_octet = buffer[body_start - 1]
        length = buffer[body_start - 3] << 8 | buffer[body_start - 2]
        row = _LENGTHS.get(type_octet)
        if (
            row is None
            or not row[1] <= length <= row[2]
            or length > self.length_max
            or not buffer.startswith(MARKER, start)
        ):
            raise self._header_error(buffer[start:body_start])
        end = start + length
        if end > len(buffer):
            return None
        self._start = end
        return row[0], buffer[body_start:end]

    def _header_error(self, header: bytes) -> RemoteProtocolError:
        """Name what is wrong with a header: marker first, then length, then type (RFC 4271 §6.1)."""
        if self._error is None:
            self._error = _judge_header(header, self.length_max)
        return self._error


def _judge_header(header: bytes, length_max: int) -> RemoteProtocolError:
    length_field = header[_MARKER_LENGTH:_TYPE_INDEX]
    length = int.from_bytes(length_field)
    type_octet = header[_TYPE_INDEX]
    row = _LENGTHS.get(type_octet)
    shortest, longest = (HEADER_LENGTH, length_max) if row is None else (row[1], min(row[2], length_max))
    name = f"type {type_octet}" if row is None else row[0].name
    if not header.startswith(MARKER):
        return RemoteProtocolError(
            MESSAGE_HEADER_ERROR,
            CONNECTION_NOT_SYNCHRONIZED,
            b"",
            f"header: marker {header[:16].hex()}, expected ones",
        )
    if not shortest <= length <= longest:
        text = f"header: {name} of {length} octets, expected {shortest} to {longest}"
        return RemoteProtocolError(MESSAGE_HEADER_ERROR, BAD_MESSAGE_LENGTH, length_field, text)
    text = f"header: type {type_octet}, expected 1 to 5"
    return RemoteProtocolError(MESSAGE_HEADER_ERROR, BAD_MESSAGE_TYPE, bytes((type_octet,)), text)
