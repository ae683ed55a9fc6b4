"""How what one peer announces is judged before it takes part in the decision.

For: the rule of one source, and the degree of preference (RFC 4271 §9.1.1) that follows from it and the attributes. Not
for: prefix filters (policy), nor for carrying the verdict out (rib).
RFC sections: 4271 §9.1.1; 8326 §4.2 (a peer that goes away), §4.1 (we go away).
Structures to know: `ImportRule`.
"""

from dataclasses import dataclass
from typing import Final

from tortie.bgp.policy import Policy
from tortie.bgp.rib.path import LOCAL_PREF_DEFAULT, Source, SourceKind
from tortie.bgp.wire import GRACEFUL_SHUTDOWN, AttributeSet, Role

PREFERENCE_OF_LEAVING: Final = 0
"""RFC 8326 §4: a value below all others in the network."""


@dataclass(frozen=True, slots=True)
class ImportRule:
    """How paths of one source are judged.

    Attributes:
        local_as: our AS number on the session, which must not be in AS_PATH.
        import_filter: None accepts everything.
        obeys_graceful_shutdown: what an eBGP peer tags with GRACEFUL_SHUTDOWN is a last resort (RFC 8326 §4.2).
        is_draining: we go away: what we have by eBGP is a last resort (RFC 8326 §4.1).
        has_policy: False rejects everything: an eBGP peer for which nobody has said what may come (RFC 8212 §2).
        role: ours towards an eBGP peer (RFC 9234), None = unknown.
        peer_as: the peer's AS number; counts where there is a role.
        allowed_local_as_count: how often our AS number may stand in a path that is still no loop.
    """

    local_as: int
    import_filter: Policy | None = None
    obeys_graceful_shutdown: bool = False
    is_draining: bool = False
    has_policy: bool = True
    role: Role | None = None
    peer_as: int = 0
    allowed_local_as_count: int = 0


def is_as_loop(attributes: AttributeSet, rule: ImportRule) -> bool:
    """Say whether our AS number stands in the path more often than it may (RFC 4271 §9.1.2)."""
    if not attributes.contains_as(rule.local_as):
        return False
    allowed = rule.allowed_local_as_count
    return not allowed or sum(segment.asns.count(rule.local_as) for segment in attributes.as_path) > allowed


def degree_of_preference(attributes: AttributeSet, source: Source, rule: ImportRule) -> int:
    """Return how much a path is preferred, 32-bit unsigned; the higher wins (RFC 4271 §9.1.1)."""
    if source.kind is not SourceKind.EXTERNAL:
        return LOCAL_PREF_DEFAULT if attributes.local_pref is None else attributes.local_pref
    is_leaving = rule.obeys_graceful_shutdown and GRACEFUL_SHUTDOWN in attributes.communities
    return PREFERENCE_OF_LEAVING if is_leaving or rule.is_draining else LOCAL_PREF_DEFAULT
