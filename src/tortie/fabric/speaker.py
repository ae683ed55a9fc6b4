"""The near end of sessions: the one speaker that an intent is made for.

A node and a reflector that is no node differ in address, AS number, policy and way with next hops;
everything that makes sessions (``mesh.py``, ``peers.py``, ``callers.py``, ``reflector_mesh.py``) sees
only a `LocalSpeaker`. What it is NOT for: deciding which sessions there are. RFC 4456 §7 (cluster id).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tortie.fabric.addresses import family_of
from tortie.fabric.intent import ACCEPT_ALL, FilterIntent, SessionIntent
from tortie.fabric.reading import Speakers


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalSpeaker:
    """Who we are.

    Attributes:
        name: node name or reflector address, for descriptions.
        as_number: our AS number.
        cluster_id: ours as a reflector, the router id where none is configured; None = we reflect nothing.
        addresses: family → own address; a family we have no address of is absent.
        export_filters: family → what peers may be sent.
        next_hop_mode: where no record says otherwise.
    """

    name: str
    as_number: int
    cluster_id: str | None
    addresses: Mapping[str, str]
    export_filters: Mapping[str, FilterIntent]
    next_hop_mode: str

    def is_client(self, remote_address: str, peer_as: int, speakers: Speakers) -> bool:
        """Return whether a peer is our route reflector client.

        We reflect to every internal peer except another reflector of our own cluster (reference E4).
        """
        if self.cluster_id is None or peer_as != self.as_number:
            return False
        return speakers.cluster_id(remote_address) != self.cluster_id

    def session(  # noqa: PLR0913 - the fields of one session, all by name
        self,
        *,
        remote_address: str,
        port: int,
        peer_as: int,
        role: str,
        description: str,
        passive: bool = False,
        is_client: bool = False,
        next_hop_mode: str | None = None,
    ) -> SessionIntent:
        """Return a session from our address of the remote's family, which must be among `addresses`."""
        family = family_of(remote_address)
        return SessionIntent(
            remote_address=remote_address,
            local_address=self.addresses[family],
            port=port,
            local_as=self.as_number,
            peer_as=peer_as,
            families=(family,),
            passive=passive,
            is_client=is_client,
            next_hop_mode=next_hop_mode or self.next_hop_mode,
            roles=(role,),
            description=description,
            import_filter=ACCEPT_ALL,
            export_filter=self.export_filters[family],
        )
