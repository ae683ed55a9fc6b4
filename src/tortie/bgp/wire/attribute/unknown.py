"""Attributes that are not recognized. RFC 4271 §5, §6.3; RFC 7606 §3.

For: what becomes of them. Not for: those that are recognized and only carried (`opaque`).
Well-known: the session must be reset. Optional transitive: carried, with the Partial bit set.
Optional non-transitive: quietly dropped.
"""

from tortie.bgp.wire.attribute.subcode import OPTIONAL, PARTIAL, TRANSITIVE
from tortie.bgp.wire.attribute_set import UnknownAttribute


def is_well_known(flags: int) -> bool:
    """Say whether the sender holds that everybody knows the attribute."""
    return not flags & OPTIONAL


def carried(flags: int, code: int, value: bytes) -> UnknownAttribute | None:
    """Return the optional attribute as it is passed on, None when it is not."""
    if not flags & TRANSITIVE:
        return None
    return UnknownAttribute(OPTIONAL | TRANSITIVE | PARTIAL, code, value)
