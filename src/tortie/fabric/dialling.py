"""Who dials: one rule for every pair of speakers, which both ends work out alike.

A reflector waits for the speakers that are none, and they dial it; between equals (two nodes that reflect
nothing, two reflectors) both dial, and collision detection (RFC 4271 §6.8) leaves one connection. The rule
looks at nothing but which of the two reflects, so the two ends cannot disagree whatever records, ports and
AS numbers made the session, and at least one of them always dials.

Why not one end by order of addresses, as upstream does: the end that starts last dials at once when both may,
and a reflector with a low address would dial thousands. What it is NOT for: peers that are no speakers of
ours, and sessions whose other end was not planned by us (reversePeering: Manual); those are always dialled.
"""


def waits(*, is_reflector: bool, is_peer_reflector: bool) -> bool:
    """Return whether a speaker leaves the dialling to its peer."""
    return is_reflector and not is_peer_reflector
