"""The near end of sessions: the one speaker that an intent is made for.

A node and a reflector that is no node differ in address, AS number, policy and way with next hops;
everything that makes sessions (``mesh.py``, ``peers.py``, ``callers.py``, ``reflector_mesh.py``) sees
only a `LocalSpeaker`. What it is NOT for: deciding which sessions there are. RFC 4456 §7 (cluster id).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from tortie.fabric.addresses import family_of
from tortie.fabric.intent import ACCEPT_ALL, FilterIntent, SessionIntent
from tortie.fabric.options import NO_OPTIONS, PeerOptions
from tortie.fabric.reading import Speakers


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalSpeaker:
    """Who we are.

    Attributes:
        title: "node 'n1'" or "reflector 10.0.0.1", for reasons.
        as_number: our AS number.
        cluster_id: ours as a reflector, the router id where none is configured; None = we reflect nothing.
        addresses: family → own address; a family we have no address of is absent.
        export_filters: family → what peers may be sent.
        next_hop_mode: where no record says otherwise.
        speakers: all speakers that are known.
    """

    title: str
    as_number: int
    cluster_id: str | None
    addresses: Mapping[str, str]
    export_filters: Mapping[str, FilterIntent]
    next_hop_mode: str
    speakers: Speakers

    def session(  # noqa: PLR0913 - the fields of one session, all by name
        self,
        *,
        remote_address: str,
        port: int,
        peer_as: int,
        role: str,
        description: str,
        local_as: int | None = None,
        passive: bool = False,
    ) -> SessionIntent:
        """Return a session from our address of the remote's family, which must be among `addresses`.

        Args:
            remote_address, port, peer_as, role, description, passive: as in `SessionIntent`.
            local_as: our AS number on this session (localASNumber); None = our own.
        """
        family = family_of(remote_address)
        speaking_as = self.as_number if local_as is None else local_as
        return SessionIntent(
            remote_address=remote_address,
            local_address=self.addresses[family],
            port=port,
            local_as=speaking_as,
            peer_as=peer_as,
            families=(family,),
            passive=passive,
            is_client=role not in _MESH_ROLES and self._is_client(remote_address, speaking_as, peer_as),
            next_hop_mode=self.next_hop_mode,
            roles=(role,),
            description=description,
            import_filter=ACCEPT_ALL,
            export_filter=self.export_filters[family],
        )

    def with_options(self, session: SessionIntent, options: PeerOptions) -> SessionIntent:
        """Return a session with the options that were agreed on, our own way where they are open."""
        if options == NO_OPTIONS:
            return session
        mode = options.next_hop_mode
        if mode is None and options.is_next_hop_kept_outside and session.peer_as != session.local_as:
            mode = "keep"
        return replace(
            session,
            local_address=None if options.is_source_chosen_by_system else session.local_address,
            next_hop_mode=mode or self.next_hop_mode,
            password=options.password,
            ttl_security_hops=options.ttl_security_hops,
            restart_time_s=options.restart_time_s,
            keepalive_time_s=options.keepalive_time_s,
            allowed_local_as_count=options.allowed_local_as_count or 0,
        )

    def _is_client(self, remote_address: str, local_as: int, peer_as: int) -> bool:
        """Return whether a peer is our route reflector client.

        We reflect to every internal peer except another reflector of our own cluster (reference E4): two
        reflectors of one cluster are plain iBGP to each other, of two clusters each the other's client.
        """
        if self.cluster_id is None or peer_as != local_as:
            return False
        return self.speakers.cluster_id(remote_address) != self.cluster_id


_MESH_ROLES = ("mesh", "reflector-mesh")
