"""Which routes may go where, by what two ASes are to each other: ONLY_TO_CUSTOMER.

For: the rules on the way in and on the way out, as pure functions of our own role on a session. Not for: agreeing on
roles (session), nor octets (wire).
RFC sections: 9234 §5.
"""

from typing import Final

from tortie.bgp.wire import AttributeSet, AttributeTable, Role

HEARS_FROM_BELOW: Final = frozenset((Role.PROVIDER, Role.ROUTE_SERVER))
"""The peer is a customer or a client of our route server: it must not pass on what was meant for it alone."""

HEARS_FROM_ABOVE: Final = frozenset((Role.CUSTOMER, Role.PEER, Role.ROUTE_SERVER_CLIENT))
"""The peer is a provider, a peer or a route server: what it sends, and what we send it, must not go around again."""

SENDS_BELOW: Final = frozenset((Role.PROVIDER, Role.PEER, Role.ROUTE_SERVER))
"""The peer is a customer, a peer or a client of our route server: what we send it is for its customers only."""


def received_attributes(attributes: AttributeSet, role: Role, peer_as: int, table: AttributeTable) -> AttributeSet:
    """Return what a route is kept with: marked, if it comes from above and is not (RFC 9234 §5, ingress rule 3)."""
    if role in HEARS_FROM_ABOVE and attributes.only_to_customer is None:
        return table.replace(attributes, only_to_customer=peer_as)
    return attributes


def is_leak(attributes: AttributeSet, role: Role, peer_as: int) -> bool:
    """Say whether a received route must not be used, since it came a way it was not to go (ingress rules 1 and 2)."""
    marked_by = attributes.only_to_customer
    if marked_by is None:
        return False
    return role in HEARS_FROM_BELOW or (role is Role.PEER and marked_by != peer_as)


def may_send(attributes: AttributeSet, role: Role) -> bool:
    """Say whether a route may go to the peer: nothing marked goes up or sideways (egress rule 2)."""
    return attributes.only_to_customer is None or role not in HEARS_FROM_ABOVE


def sent_mark(attributes: AttributeSet, role: Role, local_as: int) -> int | None:
    """Return the mark that a route is sent with; one that it has stays (egress rule 1)."""
    if attributes.only_to_customer is None and role in SENDS_BELOW:
        return local_as
    return attributes.only_to_customer
