"""Sources and paths: what the RIB keeps of one peer's announcement.

For: the two values that all of `rib` passes around. Not for: deciding anything.
RFC sections: 4271 §3.2 (Adj-RIB-In), 4456 §8 (client and non-client peers), 7911 §3 (path identifiers).
Structures to know: `Source` (one established session, or the speaker itself), `Path` (attribute set + source;
one object an UPDATE message and path identifier, shared by all its prefixes: 96 octets a message, none a prefix).
"""

from enum import IntEnum
from typing import Final

from tortie.bgp.wire import AttributeSet

LOCAL_PREF_DEFAULT: Final = 100
"""Degree of preference of a path without LOCAL_PREF, and of one from another AS."""


class SourceKind(IntEnum):
    """Where a path was learned."""

    LOCAL = 0
    INTERNAL = 1
    EXTERNAL = 2


class Source:
    """One origin of paths: an established session, or the local speaker.

    Attributes:
        name: text for people: the peer's address, or "local".
        kind: local, iBGP or eBGP.
        is_client: the peer is a route reflection client; may change while the session stays up.
        router_id: BGP Identifier of the peer (32-bit unsigned); our own for LOCAL.
        address: packed address of the peer (4 or 16 octets), the last tie-break; empty for LOCAL.
        peer_as: AS number of the peer.
        order: counts a speaker's sources; tells two sessions with one and the same router apart.
    """

    __slots__ = ("address", "is_client", "kind", "name", "order", "peer_as", "router_id")

    def __init__(  # noqa: PLR0913 - what tells one peer from another
        self,
        name: str,
        kind: SourceKind,
        *,
        router_id: int,
        address: bytes = b"",
        peer_as: int = 0,
        order: int = 0,
    ) -> None:
        """Create a source that is not a client; see the class for the arguments."""
        self.name = name
        self.kind = kind
        self.is_client = False
        self.router_id = router_id
        self.address = address
        self.peer_as = peer_as
        self.order = order

    def __repr__(self) -> str:
        """Return the name and kind."""
        return f"Source({self.name}, {self.kind.name.lower()})"


class Rejection:
    """Why a path that is kept in Adj-RIB-In takes no part in the decision. Values are texts for people."""

    AS_LOOP: Final = "own AS in AS_PATH"
    ORIGINATOR_LOOP: Final = "own router id is ORIGINATOR_ID"
    CLUSTER_LOOP: Final = "own cluster id in CLUSTER_LIST"
    OWN_NEXT_HOP: Final = "next hop is our own address"
    IMPORT_FILTER: Final = "import filter"
    NO_POLICY: Final = "no import policy for a peer of another AS"
    ROUTE_LEAK: Final = "route leak by ONLY_TO_CUSTOMER"


class Path:
    """One peer's candidate: attributes and where they came from.

    Attributes:
        attributes: interned attribute set, compared by identity; what import made of it.
        source: the session it came from.
        rejection: None when it takes part in the decision, else one of Rejection's texts. A rejected path
            stays in Adj-RIB-In and is judged again when the router id, cluster id or filter changes.
        path_id: the peer's path identifier, 32-bit unsigned (RFC 7911 §3); 0 from a peer without ADD-PATH.
        preference: degree of preference (RFC 4271 §9.1.1), 32-bit unsigned: LOCAL_PREF, or what import made of it.
        received: the attributes as they came, from which it is judged again.
        interface: where a route of our own leads to, "" = unknown.
    """

    __slots__ = ("attributes", "interface", "path_id", "preference", "received", "rejection", "source")

    def __init__(  # noqa: PLR0913 - what there is to know of it
        self,
        attributes: AttributeSet,
        source: Source,
        rejection: str | None = None,
        path_id: int = 0,
        preference: int = LOCAL_PREF_DEFAULT,
        *,
        received: AttributeSet | None = None,
        interface: str = "",
    ) -> None:
        """Keep the values; `received` None = import has changed nothing."""
        self.attributes = attributes
        self.received = attributes if received is None else received
        self.interface = interface
        self.source = source
        self.rejection = rejection
        self.path_id = path_id
        self.preference = preference

    def rejected(self, rejection: str) -> "Path":
        """Return the same path with a verdict against it."""
        return Path(
            self.attributes,
            self.source,
            rejection,
            self.path_id,
            self.preference,
            received=self.received,
            interface=self.interface,
        )

    def __repr__(self) -> str:
        """Return source and verdict."""
        return f"Path({self.source.name}, {self.rejection or 'eligible'})"
