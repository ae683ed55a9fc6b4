"""The near end of sessions: the one speaker that an intent is made for.

A node and a reflector that is no node differ in address, AS number, policy and way with next hops;
everything that makes sessions (``mesh.py``, ``peers.py``, ``callers.py``, ``reflector_mesh.py``) sees
only a `LocalSpeaker`. What it is NOT for: deciding which sessions there are. RFC 4456 §7 (cluster id).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from tortie.fabric.addresses import FAMILIES, family_of
from tortie.fabric.filter_intent import ACCEPT_ALL, FilterIntent
from tortie.fabric.filters import Filters, export_rules, import_rules
from tortie.fabric.intent import SessionIntent
from tortie.fabric.options import NO_OPTIONS, PeerOptions
from tortie.fabric.reading import Speakers
from tortie.fabric.records import NodeRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalSpeaker:
    """Who we are.

    Attributes:
        title: "node 'n1'" or "reflector 10.0.0.1", for reasons.
        as_number: our AS number.
        cluster_id: ours as a reflector, the router id where none is configured; None = we reflect nothing.
        addresses: family → own address; a family we have no address of is absent.
        export_filters: family → what peers may be sent; the families that we can carry. A node has a route of its own
            only in a family that it has an address of, a reflector passes on any.
        next_hop_mode: where no record says otherwise.
        families: what one session carries where no record says otherwise; None = that of its addresses.
        add_path: where no record says otherwise.
        speakers: all speakers that are known.
        filters: BGPFilters, by name.
    """

    title: str
    as_number: int
    cluster_id: str | None
    addresses: Mapping[str, str]
    export_filters: Mapping[str, FilterIntent]
    next_hop_mode: str
    families: tuple[str, ...] | None = None
    add_path: str = "off"
    speakers: Speakers
    filters: Filters = field(default_factory=dict)

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
        families = self._carried(None, family)
        speaking_as = self.as_number if local_as is None else local_as
        return SessionIntent(
            remote_address=remote_address,
            local_address=self.addresses[family],
            port=port,
            local_as=speaking_as,
            peer_as=peer_as,
            families=families,
            passive=passive,
            is_client=role not in _MESH_ROLES and self._is_client(remote_address, speaking_as, peer_as),
            next_hop_mode=self.next_hop_mode,
            add_path=self.add_path,
            roles=(role,),
            description=description,
            import_filter=ACCEPT_ALL,
            export_filter=self._export_filter(families),
        )

    def with_options(self, session: SessionIntent, options: PeerOptions) -> SessionIntent:
        """Return a session with the options that were agreed on, our own way where they are open.

        Without a family where it should carry none that we can.
        """
        if options == NO_OPTIONS:
            return session
        families = self._carried(options.families, family_of(session.remote_address))
        mode = options.next_hop_mode
        if mode is None and options.is_next_hop_kept_outside and session.peer_as != session.local_as:
            mode = "keep"
        import_filter, export_filter = self._policies(session, options.filters or (), families)
        return replace(
            session,
            local_address=None if options.is_source_chosen_by_system else session.local_address,
            next_hop_mode=mode or self.next_hop_mode,
            password=options.password,
            ttl_security_hops=options.ttl_security_hops,
            restart_time_s=options.restart_time_s,
            keepalive_time_s=options.keepalive_time_s,
            allowed_local_as_count=options.allowed_local_as_count or 0,
            families=families,
            add_path=options.add_path or self.add_path,
            import_filter=import_filter,
            export_filter=export_filter,
        )

    def _policies(
        self, session: SessionIntent, names: tuple[str, ...], families: tuple[str, ...]
    ) -> tuple[FilterIntent, FilterIntent]:
        """Return a session's import and export filter with the BGPFilters that it names before them."""
        export = self._export_filter(families)
        if not names:
            return session.import_filter, export
        is_internal = session.local_as == session.peer_as
        taken = import_rules(names, self.filters, families, is_internal=is_internal)
        sent = export_rules(names, self.filters, families, is_internal=is_internal)
        return (
            replace(session.import_filter, route_rules=(*taken, *session.import_filter.route_rules)),
            replace(export, route_rules=(*sent, *export.route_rules)),
        )

    def meeting_families(self, other: NodeRecord, families: tuple[str, ...] | None) -> tuple[str, ...]:
        """Return the families of the addresses over which there is a session with another node.

        Each that both have an address of, where a session carries its own; else one session, over the first of
        those that it is to carry.

        Args:
            other: the far end.
            families: what a record says that one session carries; None = nothing.
        """
        common = tuple(family for family in self.addresses if other.address(family) is not None)
        wanted = families or self.families
        return common if wanted is None else tuple(family for family in wanted if family in common)[:1]

    def _carried(self, families: tuple[str, ...] | None, of_addresses: str) -> tuple[str, ...]:
        wanted = families or self.families
        if wanted is None:
            return _ALONE[of_addresses]
        return tuple(family for family in wanted if family in self.export_filters)

    def _export_filter(self, families: tuple[str, ...]) -> FilterIntent:
        """Return what may be sent in some families; a rule covers prefixes of its own family only."""
        if len(families) == 1:
            return self.export_filters[families[0]]
        filters = [self.export_filters[family] for family in families]
        return FilterIntent(
            rules=tuple(rule for each in filters for rule in each.rules),
            default_accept=all(each.default_accept for each in filters),
            route_rules=tuple(rule for each in filters for rule in each.route_rules),
        )

    def _is_client(self, remote_address: str, local_as: int, peer_as: int) -> bool:
        """Return whether a peer is our route reflector client.

        We reflect to every internal peer except another reflector of our own cluster (reference E4): two
        reflectors of one cluster are plain iBGP to each other, of two clusters each the other's client.
        """
        if self.cluster_id is None or peer_as != local_as:
            return False
        return self.speakers.cluster_id(remote_address) != self.cluster_id


_ALONE = {family: (family,) for family in FAMILIES}
_MESH_ROLES = ("mesh", "reflector-mesh")
