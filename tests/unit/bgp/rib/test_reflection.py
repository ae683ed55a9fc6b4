"""Reflection's three questions, one row a rule."""

import pytest

from support.rib import path, source
from tortie.bgp.rib import (
    PeerKind,
    Rejection,
    SourceKind,
    is_reflection_loop,
    may_reflect,
    reflected_attributes,
)
from tortie.bgp.rib.reflection import CLUSTER_LIST_LENGTH_MAX, ClusterListFull
from tortie.bgp.wire import AttributeTable

TABLE = AttributeTable()
CLIENT = source("192.0.2.1", is_client=True)
NON_CLIENT = source("192.0.2.2")
EXTERNAL = source("192.0.2.3", SourceKind.EXTERNAL)
LOCAL = source("192.0.2.4", SourceKind.LOCAL)
ROUTER_ID, CLUSTER_ID = 77, 0x01000001


@pytest.mark.rfc("4456", "6")
@pytest.mark.rfc("4271", "9.2")
@pytest.mark.parametrize(
    ("of", "to", "expected"),
    [
        (CLIENT, PeerKind.CLIENT, True),
        (CLIENT, PeerKind.NON_CLIENT, True),
        (CLIENT, PeerKind.EXTERNAL, True),
        (NON_CLIENT, PeerKind.CLIENT, True),
        (NON_CLIENT, PeerKind.NON_CLIENT, False),
        (NON_CLIENT, PeerKind.EXTERNAL, True),
        (EXTERNAL, PeerKind.CLIENT, True),
        (EXTERNAL, PeerKind.NON_CLIENT, True),
        (EXTERNAL, PeerKind.EXTERNAL, True),
        (LOCAL, PeerKind.CLIENT, True),
        (LOCAL, PeerKind.NON_CLIENT, True),
        (LOCAL, PeerKind.EXTERNAL, True),
    ],
    ids=lambda value: getattr(value, "name", str(value)),
)
def test_may_reflect(of: object, to: PeerKind, expected: bool) -> None:
    assert may_reflect(of, to) is expected  # type: ignore[arg-type]  # parametrised


@pytest.mark.rfc("4456", "8")
@pytest.mark.parametrize(
    ("fields", "of", "expected"),
    [
        ({}, CLIENT, None),
        ({"originator_id": ROUTER_ID}, CLIENT, Rejection.ORIGINATOR_LOOP),
        ({"originator_id": ROUTER_ID}, NON_CLIENT, Rejection.ORIGINATOR_LOOP),
        ({"originator_id": ROUTER_ID + 1}, CLIENT, None),
        ({"cluster_list": (CLUSTER_ID,)}, CLIENT, Rejection.CLUSTER_LOOP),
        ({"cluster_list": (5, CLUSTER_ID)}, NON_CLIENT, Rejection.CLUSTER_LOOP),
        ({"cluster_list": (5, 6)}, CLIENT, None),
        ({"cluster_list": (CLUSTER_ID,)}, EXTERNAL, None),
    ],
)
def test_is_reflection_loop(fields: dict[str, object], of: object, expected: str | None) -> None:
    attributes = TABLE.intern(**fields)  # type: ignore[arg-type]  # attribute fields
    assert is_reflection_loop(attributes, of, ROUTER_ID, CLUSTER_ID) == expected  # type: ignore[arg-type]


@pytest.mark.rfc("4456", "8")
def test_first_reflection_sets_originator_and_cluster_list() -> None:
    sent = reflected_attributes(path(TABLE, CLIENT), CLUSTER_ID, TABLE)
    assert sent.originator_id == CLIENT.router_id
    assert sent.cluster_list == (CLUSTER_ID,)


@pytest.mark.rfc("4456", "8")
def test_later_reflection_keeps_the_originator_and_prepends_the_cluster() -> None:
    sent = reflected_attributes(path(TABLE, CLIENT, originator_id=9, cluster_list=(4, 5)), CLUSTER_ID, TABLE)
    assert sent.originator_id == 9
    assert sent.cluster_list == (CLUSTER_ID, 4, 5)


@pytest.mark.rfc("4456", "10")
def test_everything_else_is_left_alone() -> None:
    before = path(TABLE, CLIENT, next_hop="10.9.9.9", med=7, local_pref=300, communities=(1, 2))
    after = reflected_attributes(before, CLUSTER_ID, TABLE)
    restored = TABLE.replace(after, originator_id=None, cluster_list=())
    assert restored is before.attributes


def test_cluster_list_at_the_limit_and_beyond() -> None:
    below = tuple(range(CLUSTER_LIST_LENGTH_MAX - 1))
    sent = reflected_attributes(path(TABLE, CLIENT, cluster_list=below), CLUSTER_ID, TABLE)
    assert len(sent.cluster_list) == CLUSTER_LIST_LENGTH_MAX
    full = tuple(range(CLUSTER_LIST_LENGTH_MAX))
    with pytest.raises(ClusterListFull, match=r"192\.0\.2\.1.*255 entries"):
        reflected_attributes(path(TABLE, CLIENT, cluster_list=full), CLUSTER_ID, TABLE)
