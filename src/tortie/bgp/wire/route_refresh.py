"""ROUTE-REFRESH: asking a peer for its routes again.

For: the message and its bytes. Not for: sending the routes (`rib`). RFC 2918 §3, RFC 7313 §3.2, §5.

Structure to know: `RouteRefresh`.

    +-----------+---------------+------------+
    | AFI (2)   | subtype (1)   | SAFI (1)   |
    +-----------+---------------+------------+
"""

from dataclasses import dataclass
from typing import Final

from tortie.bgp.errors import LocalProtocolError, RemoteProtocolError
from tortie.bgp.wire.family import Family
from tortie.bgp.wire.message import (
    BAD_MESSAGE_LENGTH,
    HEADER_LENGTH,
    MESSAGE_HEADER_ERROR,
    MessageType,
    encode_message,
)

REQUEST: Final = 0
BEGINNING_OF_REFRESH: Final = 1
END_OF_REFRESH: Final = 2

ROUTE_REFRESH_MESSAGE_ERROR: Final = 7
INVALID_MESSAGE_LENGTH: Final = 1

_BODY_LENGTH: Final = 4


@dataclass(frozen=True, slots=True)
class RouteRefresh:
    """A ROUTE-REFRESH message.

    Attributes:
        family: the family asked for, or whose refresh begins or ends.
        subtype: 0 request, 1 beginning, 2 end of a refresh; receivers ignore others (RFC 7313 §5).
    """

    family: Family
    subtype: int = REQUEST


def decode_route_refresh(body: bytes, is_enhanced: bool = False) -> RouteRefresh:
    """Decode the body of a ROUTE-REFRESH.

    Args:
        body: the message without its header.
        is_enhanced: Enhanced Route Refresh was negotiated (RFC 7313).
    Raises:
        RemoteProtocolError: a body that is not 4 octets: 7/1 with the message as data when enhanced
            (RFC 7313 §5), else 1/2.
    """
    if len(body) == _BODY_LENGTH:
        return RouteRefresh(Family(int.from_bytes(body[:2]), body[3]), body[2])
    length = HEADER_LENGTH + len(body)
    text = f"ROUTE-REFRESH of {length} octets, expected {HEADER_LENGTH + _BODY_LENGTH}"
    if is_enhanced:
        whole = encode_message(MessageType.ROUTE_REFRESH, body)
        raise RemoteProtocolError(ROUTE_REFRESH_MESSAGE_ERROR, INVALID_MESSAGE_LENGTH, whole, text)
    raise RemoteProtocolError(MESSAGE_HEADER_ERROR, BAD_MESSAGE_LENGTH, length.to_bytes(2), text)


def encode_route_refresh(refresh: RouteRefresh) -> bytes:
    """Encode a whole ROUTE-REFRESH message.

    Raises:
        LocalProtocolError: a field is out of its range.
    """
    family = refresh.family
    try:
        body = family.afi.to_bytes(2) + bytes((refresh.subtype, family.safi))
    except (OverflowError, ValueError) as error:
        raise LocalProtocolError(f"ROUTE-REFRESH {refresh}: {error}") from error
    return encode_message(MessageType.ROUTE_REFRESH, body)
