"""What was negotiated, as far as the codec must know it.

For: the two values that decide how an UPDATE is read and written. Not for: negotiating (`session`).
RFC 4760, RFC 6793, RFC 7911, RFC 8654, RFC 8950.

Structures to know: `DecodeContext`, `EncodeContext`.
"""

from dataclasses import dataclass, field

from tortie.bgp.wire.family import Family
from tortie.bgp.wire.message import MESSAGE_LENGTH_MAX


@dataclass(frozen=True, slots=True)
class DecodeContext:
    """How UPDATEs of one session are to be read.

    Attributes:
        is_internal: the peer is in our AS (iBGP); decides what RFC 7606 asks for.
        four_octet_as: both sides sent the 4-octet AS capability.
        families: negotiated families; routes of others are reported and left out.
        add_path: families in which the peer sends path identifiers.
        extended_next_hop: IPv4 routes may have IPv6 next hops (RFC 8950); from a peer with which that was not agreed on
            they cannot be used.
        form: the part of this context that decides what an attribute block means, 0 to 3; derived.
    """

    is_internal: bool
    four_octet_as: bool
    families: frozenset[Family]
    add_path: frozenset[Family] = frozenset()
    extended_next_hop: bool = True
    form: int = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Derive `form`."""
        object.__setattr__(self, "form", self.is_internal << 1 | self.four_octet_as)


@dataclass(frozen=True, slots=True)
class EncodeContext:
    """How UPDATEs of one session (or one update group) are to be written.

    Attributes:
        four_octet_as: both sides sent the 4-octet AS capability.
        message_size_bytes_max: largest message, header included: 4096, or 65535 (RFC 8654).
        add_path: NLRI keys begin with a path identifier; they are written as they are.
        extended_next_hop: IPv4 routes may have IPv6 next hops (RFC 8950).
    """

    four_octet_as: bool
    message_size_bytes_max: int = MESSAGE_LENGTH_MAX
    add_path: bool = False
    extended_next_hop: bool = False
