"""Which peers there are, and whose a connection is.

For: finding a peer by its key, by the two addresses of an inbound connection, or by a connection's number; the ranges
from which unnamed peers are taken. Not for: sessions or routes (engine).
Structures to know: `PeerTable`. Price: three dictionary slots a peer.
"""

from collections.abc import Container, Sequence
from dataclasses import replace
from ipaddress import ip_address, ip_network
from typing import Final

from tortie.bgp.engine.config import PeerKey, RangeConfig, SessionOptions
from tortie.bgp.engine.peer import Peer

__all__ = ["DYNAMIC_PEERS_MAX", "PeerTable"]

DYNAMIC_PEERS_MAX: Final = 16_384
"""Sessions that ranges may bring at once; a further connection is refused and counted."""


class PeerTable:
    """All peers of one speaker.

    Attributes:
        by_key: every peer, named or dynamic, in the order in which they came.
    """

    __slots__ = ("_by_address", "_by_connection", "_dynamic_count", "_ranges", "by_key")

    def __init__(self) -> None:
        """Start with no peer and no range."""
        self.by_key: dict[PeerKey, Peer] = {}
        self._by_address: dict[str, dict[PeerKey, Peer]] = {}
        self._by_connection: dict[int, Peer] = {}
        self._dynamic_count = 0
        self._ranges: tuple[RangeConfig, ...] = ()

    # ------------------------------------------------------------------ peers

    def add(self, peer: Peer) -> None:
        """Take in a peer."""
        self.by_key[peer.key] = peer
        self._by_address.setdefault(peer.key.remote_address, {})[peer.key] = peer
        self._dynamic_count += peer.is_dynamic

    def remove(self, peer: Peer) -> None:
        """Forget a peer, which has no connection any more."""
        assert not peer.connections, f"{peer.key} is forgotten with open connections"
        del self.by_key[peer.key]
        at_address = self._by_address[peer.key.remote_address]
        del at_address[peer.key]
        if not at_address:
            del self._by_address[peer.key.remote_address]
        self._dynamic_count -= peer.is_dynamic

    def rename(self, key: PeerKey, wanted: Container[PeerKey]) -> PeerKey | None:
        """A peer is to be known by `key`: if its session is there under another, it takes that key and stays up.

        A range may have brought it before it was named; or it was to speak from an address that is now the system's
        choice (or the reverse), and does so already.

        Args:
            key: of a peer that is wanted.
            wanted: the keys of all that are.
        Returns:
            The key that it had, None if there is no such peer.
        """
        if key in self.by_key:
            return None
        for former, peer in self._by_address.get(key.remote_address, {}).items():
            if former not in wanted and _may_be_known_by(key, peer):
                del self.by_key[former], self._by_address[key.remote_address][former]
                self._dynamic_count -= peer.is_dynamic
                peer.key, peer.is_dynamic = key, False
                self.by_key[key] = self._by_address[key.remote_address][key] = peer
                return former
        return None

    def find_inbound(self, remote_address: str, local_address: str) -> Peer | None:
        """Return the peer that a connection between these addresses belongs to, if there is one."""
        for key, peer in self._by_address.get(remote_address, {}).items():
            if key.local_address in ("", local_address):
                return peer
        return None

    # ------------------------------------------------------------------ ranges

    def set_ranges(self, ranges: Sequence[RangeConfig]) -> None:
        """Take the ranges; of several that hold an address the longest counts."""
        self._ranges = tuple(sorted(ranges, key=lambda each: -ip_network(each.prefix).prefixlen))

    def range_options(self, remote_address: str) -> SessionOptions | None:
        """Return how a peer at an address may join, None when no range holds it. Such peers are never dialled."""
        address = ip_address(remote_address)
        for each in self._ranges:
            if address in ip_network(each.prefix):
                return replace(each.options, passive=True)
        return None

    @property
    def is_full(self) -> bool:
        """Say whether no further dynamic peer is taken."""
        return self._dynamic_count >= DYNAMIC_PEERS_MAX

    # ------------------------------------------------------------------ connections

    def owner(self, connection: int) -> Peer | None:
        """Return whose a connection is, None for one that is not known (any more)."""
        return self._by_connection.get(connection)

    def connect(self, peer: Peer, connection: int) -> None:
        """A connection is a peer's."""
        self._by_connection[connection] = peer
        peer.connections.add(connection)
        peer.was_connected = True

    def disconnect(self, connection: int) -> None:
        """A connection is gone, or about to be closed."""
        self._by_connection.pop(connection).connections.discard(connection)


def _may_be_known_by(key: PeerKey, peer: Peer) -> bool:
    """Say whether the connection that a peer has is one that a peer with this key would have.

    Behind another port of the same host is another speaker, so that only what a range has brought may get a port.
    """
    former = peer.key
    if peer.is_dynamic:
        return key.local_address in ("", former.local_address)
    if peer.negotiated is None or key.remote_port != former.remote_port:
        return False
    return key.local_address in ("", peer.negotiated.local_address)
