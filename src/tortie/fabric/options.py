"""What a BGPPeer may wish for a session besides the two ends: each option set or left open.

What it is NOT for: choosing between records (``merge.py``), and reading resources (``reading.py``).
Structure to know: `PeerOptions`. Reference C2, E3, E4. RFC 7911 (ADD-PATH).
"""

from dataclasses import dataclass, fields, replace
from typing import Final

from tortie.fabric.intent import SecretReference

FAMILIES_ANNOTATION: Final = "tortie/families"
"""On a BGPPeer or the default BGPConfiguration: the address families that one session carries: "ipv4,ipv6"."""

ADD_PATH_ANNOTATION: Final = "tortie/add-path"
"""On a BGPPeer or any BGPConfiguration: which way several paths a prefix go: off, receive, send or both."""


def annotation_path(name: str) -> str:
    """Return the path of an annotation in a manifest, as reasons name it."""
    return f"metadata.annotations.{name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerOptions:
    """Options of one session; None = left open. Meaning and ranges as in `SessionIntent`.

    Attributes:
        next_hop_mode: "auto", "self", "keep"; None = the speaker's own way.
        is_next_hop_kept_outside: "keep" where the peer is of another AS (keepOriginalNextHop).
        is_source_chosen_by_system: sourceAddress: None.
        password, ttl_security_hops, restart_time_s, keepalive_time_s: see `SessionIntent`.
        allowed_local_as_count: see `SessionIntent`; of this end only.
        reachable_by: router to the peer; of this end only.
        families: what the session carries, whatever family its addresses are of.
        add_path: which way several paths a prefix go, as this end sees it.
        filters: names of BGPFilters, in their order.
    """

    next_hop_mode: str | None = None
    is_next_hop_kept_outside: bool | None = None
    is_source_chosen_by_system: bool | None = None
    password: SecretReference | None = None
    ttl_security_hops: int | None = None
    restart_time_s: int | None = None
    keepalive_time_s: int | None = None
    allowed_local_as_count: int | None = None
    reachable_by: str | None = None
    families: tuple[str, ...] | None = None
    add_path: str | None = None
    filters: tuple[str, ...] | None = None

    def of_other_end(self) -> "PeerOptions":
        """Return what a BGPPeer means for the session that the peer has in return."""
        if self.allowed_local_as_count is None and self.reachable_by is None and self.add_path is None:
            return self
        add_path = None if self.add_path is None else _SEEN_FROM_THERE[self.add_path]
        return replace(self, allowed_local_as_count=None, reachable_by=None, add_path=add_path)

    def filled_from(self, other: "PeerOptions") -> "PeerOptions":
        """Return these options, and the other's where these are open.

        keepOriginalNextHop and nextHopMode are one option: who sets either has said what becomes of next hops.
        """
        names = [name for name in _NAMES if getattr(self, name) is None]
        if self.next_hop_mode is not None or self.is_next_hop_kept_outside is not None:
            names = [name for name in names if name not in _NEXT_HOP]
        return replace(self, **{name: getattr(other, name) for name in names})

    def difference(self, other: "PeerOptions") -> tuple[str, str, str] | None:
        """Return the first option that both set differently: its path in manifests, this and the other value.

        A secret is not shown.
        """
        for name in _NAMES:
            mine, theirs = getattr(self, name), getattr(other, name)
            if mine is not None and theirs is not None and mine != theirs:
                if name == "password":
                    return _FIELDS[name], "set", "the same secret"
                return _FIELDS[name], _shown(name, mine), _shown(name, theirs)
        return None


def _shown(name: str, value: object) -> str:
    if name == "is_source_chosen_by_system":
        return "None" if value else "UseNodeIP"
    if isinstance(value, bool):
        return str(value).lower()
    if name == "next_hop_mode":
        return str(value).capitalize()
    if isinstance(value, tuple):
        return ",".join(value)
    return str(value)


NO_OPTIONS: Final = PeerOptions()
"""Everything left open."""

_SEEN_FROM_THERE: Final = {"off": "off", "receive": "send", "send": "receive", "both": "both"}
_NAMES: Final = tuple(item.name for item in fields(PeerOptions))
_NEXT_HOP: Final = ("next_hop_mode", "is_next_hop_kept_outside")
_FIELDS: Final = {
    "next_hop_mode": "spec.nextHopMode",
    "is_next_hop_kept_outside": "spec.keepOriginalNextHop",
    "is_source_chosen_by_system": "spec.sourceAddress",
    "password": "spec.password.secretKeyRef",
    "ttl_security_hops": "spec.ttlSecurity",
    "restart_time_s": "spec.maxRestartTime",
    "keepalive_time_s": "spec.keepaliveTime",
    "allowed_local_as_count": "spec.numAllowedLocalASNumbers",
    "reachable_by": "spec.reachableBy",
    "families": annotation_path(FAMILIES_ANNOTATION),
    "add_path": annotation_path(ADD_PATH_ANNOTATION),
    "filters": "spec.filters",
}
