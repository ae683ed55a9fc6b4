"""ONLY_TO_CUSTOMER on the way in and out: one row a rule of RFC 9234 §5."""

import pytest

from support.rib import LOCAL_AS
from tortie.bgp.rib.roles import is_leak, may_send, received_attributes, sent_mark
from tortie.bgp.wire import AttributeTable, Role

TABLE = AttributeTable()
PEER_AS, OTHER_AS = 65001, 65002

WAY_IN = [
    # our role, mark that came, is it a leak, mark that is kept
    (Role.PROVIDER, None, False, None),
    (Role.PROVIDER, PEER_AS, True, PEER_AS),
    (Role.PROVIDER, OTHER_AS, True, OTHER_AS),
    (Role.ROUTE_SERVER, None, False, None),
    (Role.ROUTE_SERVER, PEER_AS, True, PEER_AS),
    (Role.ROUTE_SERVER_CLIENT, None, False, PEER_AS),
    (Role.ROUTE_SERVER_CLIENT, OTHER_AS, False, OTHER_AS),
    (Role.CUSTOMER, None, False, PEER_AS),
    (Role.CUSTOMER, OTHER_AS, False, OTHER_AS),
    (Role.PEER, None, False, PEER_AS),
    (Role.PEER, PEER_AS, False, PEER_AS),
    (Role.PEER, OTHER_AS, True, OTHER_AS),
]


@pytest.mark.rfc("9234", "5")
@pytest.mark.parametrize(("role", "came", "leaks", "kept"), WAY_IN)
def test_way_in(role: Role, came: int | None, leaks: bool, kept: int | None) -> None:
    attributes = TABLE.intern(only_to_customer=came)
    assert is_leak(attributes, role, PEER_AS) is leaks
    received = received_attributes(attributes, role, PEER_AS, TABLE)
    assert received.only_to_customer == kept
    assert is_leak(received, role, PEER_AS) is leaks, "judged once more it is what it was"
    assert received_attributes(received, role, PEER_AS, TABLE) is received


WAY_OUT = [
    # our role, mark that it has, may it go, mark that it goes with
    (Role.PROVIDER, None, True, LOCAL_AS),
    (Role.PROVIDER, OTHER_AS, True, OTHER_AS),
    (Role.ROUTE_SERVER, None, True, LOCAL_AS),
    (Role.ROUTE_SERVER, OTHER_AS, True, OTHER_AS),
    (Role.ROUTE_SERVER_CLIENT, None, True, None),
    (Role.ROUTE_SERVER_CLIENT, OTHER_AS, False, OTHER_AS),
    (Role.CUSTOMER, None, True, None),
    (Role.CUSTOMER, OTHER_AS, False, OTHER_AS),
    (Role.PEER, None, True, LOCAL_AS),
    (Role.PEER, OTHER_AS, False, OTHER_AS),
]


@pytest.mark.rfc("9234", "5")
@pytest.mark.parametrize(("role", "has", "goes", "mark"), WAY_OUT)
def test_way_out(role: Role, has: int | None, goes: bool, mark: int | None) -> None:
    attributes = TABLE.intern(only_to_customer=has)
    assert may_send(attributes, role) is goes
    assert sent_mark(attributes, role, LOCAL_AS) == mark
