"""Desired against actual: one row per rule."""

import pytest

from tortie.node.reconcile import Operations, reconcile
from tortie.node.route import NextHop, Route, RouteKey, blackhole_route, route_key, unicast_route
from tortie.node.route_change import RouteFailure, RouteOperation, RouteRequest

KEY = route_key("10.1.2.0/26")
OTHER = route_key("10.1.3.0/26")
WAY = unicast_route(NextHop(b"\x0a\x00\x00\x09", 3))
OTHER_WAY = unicast_route(NextHop(b"\x0a\x00\x00\x08", 3))
EQUAL_WAY = unicast_route(NextHop(b"\x0a\x00\x00\x09", 3))
FOREIGN = unicast_route(NextHop(b"\x0a\x00\x00\x07", 3), protocol=3)


@pytest.mark.parametrize(
    ("desired", "actual", "expected"),
    [
        ({}, {}, Operations()),
        ({KEY: WAY}, {KEY: EQUAL_WAY}, Operations()),
        ({KEY: WAY}, {}, Operations(create={KEY: WAY})),
        ({KEY: WAY}, {KEY: OTHER_WAY}, Operations(replace={KEY: WAY})),
        ({KEY: WAY}, {KEY: blackhole_route()}, Operations(replace={KEY: WAY})),
        ({}, {KEY: WAY}, Operations(delete={KEY: WAY})),
        ({}, {KEY: FOREIGN}, Operations()),
        ({KEY: WAY}, {KEY: FOREIGN}, Operations(conflicts={KEY: FOREIGN})),
        ({KEY: WAY}, {route_key("10.1.2.0/26", metric=9): FOREIGN}, Operations(create={KEY: WAY})),
        ({KEY: WAY}, {OTHER: WAY}, Operations(create={KEY: WAY}, delete={OTHER: WAY})),
    ],
    ids=[
        "nothing", "as-desired-no-message", "absent-create", "other-way-replace", "other-kind-replace",
        "not-desired-delete", "foreign-left-alone", "foreign-conflict", "foreign-other-metric-no-conflict", "moved",
    ],
)  # fmt: skip
def test_reconcile(desired: dict[RouteKey, Route], actual: dict[RouteKey, Route], expected: Operations) -> None:
    assert reconcile(desired, actual) == expected


def test_the_protocol_that_is_ours_is_an_argument() -> None:
    assert reconcile({}, {KEY: FOREIGN}, protocol=3) == Operations(delete={KEY: FOREIGN})


def test_requests_make_new_ways_before_old_ones_go() -> None:
    third = route_key("10.1.4.0/26")
    operations = Operations(create={KEY: WAY}, replace={OTHER: WAY}, delete={third: WAY})
    assert operations.requests() == [
        RouteRequest(RouteOperation.CREATE, KEY, WAY),
        RouteRequest(RouteOperation.REPLACE, OTHER, WAY),
        RouteRequest(RouteOperation.DELETE, third, WAY),
    ]


@pytest.mark.parametrize(
    ("operations", "is_empty"),
    [(Operations(), True), (Operations(conflicts={KEY: FOREIGN}), True), (Operations(delete={KEY: WAY}), False)],
    ids=["nothing", "conflict-only", "deletion"],
)
def test_is_empty(operations: Operations, is_empty: bool) -> None:
    assert operations.is_empty is is_empty


@pytest.mark.parametrize(
    ("operation", "errno", "message", "expected"),
    [
        (
            RouteOperation.CREATE,
            101,
            "Nexthop has invalid gateway.",
            "create 10.1.2.0/26 via 10.0.0.9 dev eth0 proto 77: ENETUNREACH (Network is unreachable): "
            "Nexthop has invalid gateway",
        ),
        (RouteOperation.DELETE, 3, "", "delete 10.1.2.0/26: ESRCH (No such process)"),
    ],
    ids=["with-the-kernels-words", "without"],
)
def test_a_failure_names_the_route_and_the_error(
    operation: RouteOperation, errno: int, message: str, expected: str
) -> None:
    assert RouteFailure(RouteRequest(operation, KEY, WAY), errno, message).text({3: "eth0"}) == expected
