"""One row of the table of malformed input."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from support.wire import NEXT_HOP, ORIGIN, attribute

PEER_AS = 65001
LOCAL_AS = 65000


class Kind(Enum):
    """Which session the input comes on."""

    EBGP = "eBGP"
    IBGP = "iBGP"


class Stage(Enum):
    """How far the session is when the input comes."""

    OPEN_SENT = "OpenSent"
    OPEN_CONFIRM = "OpenConfirm"
    ESTABLISHED = "Established"


@dataclass(frozen=True)
class Reaction:
    """What must come of an input.

    Attributes:
        words: for the page.
        notification: code and subcode that answer it, and the session ends; None: it stays up.
        data: of that NOTIFICATION, None: not looked at.
        is_usable: the new path takes part in the decision.
        rejection: why the new path is kept and takes no part, "" = it does, or there is none.
        is_ignored: nothing changes.
        absent: the field of the attribute set that must be as if the attribute were not there.
        present: the field that must hold something.
    """

    words: str
    notification: tuple[int, int] | None = None
    data: bytes | None = None
    is_usable: bool = False
    rejection: str = ""
    is_ignored: bool = False
    absent: str = ""
    present: str = ""


@dataclass(frozen=True)
class Side:
    """What decides how the peer under test writes its messages."""

    kind: Kind
    four_octet_as: bool

    def as_path(self, *asns: int) -> bytes:
        """AS_PATH of one sequence."""
        size = 4 if self.four_octet_as else 2
        value = b"".join(asn.to_bytes(size) for asn in asns)
        return attribute(0x40, 2, bytes((2, len(asns))) + value if asns else b"")

    @property
    def base(self) -> bytes:
        """ORIGIN, AS_PATH and NEXT_HOP of a sound route."""
        return ORIGIN + self.as_path(PEER_AS) + NEXT_HOP


@dataclass(frozen=True)
class Row:
    """One input and its reactions.

    Attributes:
        name: unique; the test's id.
        what: the input in words.
        rfc: where the reaction stands.
        message: the octets, header included.
        ebgp, ibgp: what must come of it on such a session.
        stage: when it comes.
        touches: which of the two routes it is about: "4", "6" or both.
        four_octet_as: both ends have RFC 6793.
        capabilities: further ones in the peer's OPEN, as octets.
        has_any_as: the peer's AS number is not configured.
    """

    name: str
    what: str
    rfc: str
    message: Callable[[Side], bytes]
    ebgp: Reaction
    ibgp: Reaction
    stage: Stage = Stage.ESTABLISHED
    touches: str = "4"
    four_octet_as: bool = True
    capabilities: bytes = b""
    has_any_as: bool = False

    def reaction(self, kind: Kind) -> Reaction:
        """What must come of it on a session of this kind."""
        return self.ebgp if kind is Kind.EBGP else self.ibgp
