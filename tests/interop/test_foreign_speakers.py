"""Foreign speakers against ours: as clients of our reflector, as reflectors of our speakers, dialling at once.

One test is one speaker in one role with one family; which features it covers stands in `support.interop_page`. The
core runs always, the rest is marked `all`. A speaker that is not installed is a failure in CI, a skip elsewhere.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from lab.kernel_namespace import in_namespace
from support.daemons import CORE, DAEMONS, Daemon, ForeignRoute, Neighbour
from support.interop import AS, CLUSTER_ID, DIALS, MESSAGES, Meeting, OurReflector, need, router_id
from support.interop_page import Finding
from support.raw_bgp import COMMUNITIES, MED, OPTIONAL, TRANSITIVE, RawRoute, attribute
from tortie.bgp.engine import RouteStatus
from tortie.bgp.rib import Rejection

FAMILIES: Final = ("ipv4", "ipv6")
EXTERNAL_AS: Final = 4200000000
UNKNOWN: Final = 240
MARKS: Final = (
    attribute(OPTIONAL, MED, (77).to_bytes(4, "big"))
    + attribute(OPTIONAL | TRANSITIVE, COMMUNITIES, ((AS << 16) | 7).to_bytes(4, "big"))
    + attribute(OPTIONAL | TRANSITIVE, UNKNOWN, b"tortie")
)
"""What a raw client's routes carry: the same MED and community as a foreign speaker's own, and an unknown attribute."""

OWN_ROUTE: Final = (Rejection.ORIGINATOR_LOOP, Rejection.OWN_NEXT_HOP)
"""Why a route of our own that a reflector sends back is refused; RFC 4456 lets it do so."""

Found = Callable[[Finding], None]


def rows(*, core_families: tuple[str, ...] = FAMILIES) -> pytest.MarkDecorator:
    """One row a speaker and family; those outside the core are breadth."""
    cases = [
        pytest.param(
            daemon,
            family,
            id=f"{daemon.__name__}-{family}",
            marks=() if daemon in CORE and family in core_families else pytest.mark.all,
        )
        for daemon in DAEMONS
        for family in FAMILIES
    ]
    return pytest.mark.parametrize(("daemon", "family"), cases)


def marks_of(route: RawRoute | RouteStatus | ForeignRoute) -> tuple[int | None, tuple[str, ...]]:
    """Return what every announced route carries."""
    return route.med, route.communities


EXPECTED_MARKS: Final = (77, (f"{AS}:7",))


def is_reflected(route: RawRoute | ForeignRoute, *, next_hop: str, originator_id: str) -> bool:
    """Tell whether a route has come through our reflector as RFC 4456 §8 says, with all that it carried."""
    return (
        (route.next_hop, route.originator_id, route.cluster_list) == (next_hop, originator_id, (CLUSTER_ID,))
        and (route.local_pref, route.as_path) == (100, ())
        and marks_of(route) == EXPECTED_MARKS
    )


@rows()
@pytest.mark.rfc("4456", "8")
@pytest.mark.rfc("2918", "4")
@in_namespace
def test_client_of_our_reflector(daemon: type[Daemon], family: str, tmp_path: Path, found: Found) -> None:
    need(daemon)
    with Meeting(family, tmp_path) as meeting:
        ours, theirs = meeting.prefixes(3), meeting.prefixes(2)
        foreign_address = meeting.address(2)
        reflector = meeting.reflector(
            {"address": foreign_address, "client": True, "passive": True},
            {"address": meeting.address(3), "client": True, "passive": True},
        )
        raw = meeting.raw_client(3)
        raw.announce(*ours, more=MARKS)
        foreign = meeting.daemon(daemon, 2, Neighbour(meeting.address(1), AS))

        meeting.wait_for_routes("the raw client learns", lambda: raw.routes, theirs)
        meeting.wait_for_routes("the speaker learns", foreign.routes, ours)
        learned = foreign.routes()
        for route in raw.routes.values():
            assert is_reflected(route, next_hop=foreign_address, originator_id=router_id(2))
        for shown in learned.values():
            assert is_reflected(shown, next_hop=meeting.address(3), originator_id=router_id(3))
        shows_unknown = all(shown.unknown is not None for shown in learned.values())
        assert not shows_unknown or all(shown.unknown == (UNKNOWN,) for shown in learned.values())

        announced = reflector.session(foreign_address)["announced"]
        assert announced == len(ours), "its own routes are never sent to it"
        if "refresh" not in daemon.not_offered:
            foreign.ask_refresh(meeting.address(1))
            meeting.wait("ROUTE-REFRESH is answered", lambda: is_refreshed(reflector, foreign_address, 2 * announced))

        foreign.set_prefixes(theirs[:1])
        meeting.wait_for_routes("its withdrawal arrives", lambda: raw.routes, theirs[:1])
        raw.withdraw(ours[1])
        meeting.wait_for_routes("a withdrawal reaches it", foreign.routes, ours[:1])
        foreign.set_prefixes(theirs)
        raw.announce(ours[1], more=MARKS)

        foreign.reset(meeting.address(1))
        has_come_back(meeting, reflector, foreign, ours)
        meeting.wait_for_routes("its routes are back", lambda: raw.routes, theirs)
        assert not raw.own_seen
        assert raw.unknown_withdrawn == 0

        foreign.stop()
        meeting.wait_for_routes("its routes go with it", lambda: raw.routes, ())
        assert raw.notification is None
    features = ("routes", "reflection", "no echo", "attributes", "unknown", "refresh", "withdrawal", "reset", "end")
    hidden = () if shows_unknown else ("unknown",)
    found(Finding(daemon, "client", family, features, (*daemon.not_offered, *hidden)))


def is_refreshed(reflector: OurReflector, address: str, announced: int) -> bool:
    """Tell whether a peer has asked for its routes again and been sent so many in all."""
    session = reflector.session(address)
    asked: int = session["counters"]["route_refresh_received"]
    return (asked, session["announced"]) == (1, announced)


def has_come_back(meeting: Meeting, reflector: OurReflector, foreign: Daemon, learned: tuple[str, ...]) -> None:
    """Wait for the second session of participant 2 and for all that it is to learn."""
    address = meeting.address(2)
    meeting.wait("the session is back", lambda: reflector.is_established(address, times=2), foreign.log)
    meeting.wait_for_routes("it has learned all again", foreign.routes, learned)


@rows()
@pytest.mark.rfc("4456", "8")
@pytest.mark.rfc("4271", "9.2")
@in_namespace
def test_reflector_of_our_speakers(daemon: type[Daemon], family: str, tmp_path: Path, found: Found) -> None:
    need(daemon)
    with Meeting(family, tmp_path) as meeting:
        numbers = (2, 3)
        neighbours = [
            Neighbour(meeting.address(number), AS, is_client=True, is_passive=True) for number in (*numbers, 4)
        ]
        foreign = meeting.daemon(daemon, 1, *neighbours)
        left, right = speakers = [meeting.speaker(number, 1) for number in numbers]
        for speaker, number in zip(speakers, numbers, strict=True):
            speaker.originate(*meeting.prefixes(number))
        raw = meeting.raw_client(4)
        raw.announce(*meeting.prefixes(4), more=MARKS)

        everything = {prefix for number in (1, 2, 3, 4) for prefix in meeting.prefixes(number)}
        for speaker, number in zip(speakers, numbers, strict=True):
            expected = everything - set(meeting.prefixes(number))
            meeting.wait_for_routes(f"speaker {number} learns", speaker.routes, expected)
        expected = everything - set(meeting.prefixes(4))
        meeting.wait_for_routes("the raw client learns", raw.routes_of_others, expected)
        meeting.wait_for_routes("it learns from all", foreign.routes, everything - set(meeting.prefixes(1)))

        for source, prefix in [(number, prefix) for number in (3, 4) for prefix in meeting.prefixes(number)]:
            route = left.routes()[prefix]
            assert (route.next_hop, route.originator_id) == (meeting.address(source), router_id(source))
            assert route.cluster_list == (CLUSTER_ID,)
        for prefix in (*meeting.prefixes(1), *meeting.prefixes(4)):
            assert marks_of(left.routes()[prefix]) == EXPECTED_MARKS
        assert left.unknown() == right.unknown() == {UNKNOWN}
        for speaker, number in zip(speakers, numbers, strict=True):
            echoed = [route for route in speaker.all_routes() if route.prefix in meeting.prefixes(number)]
            assert all(route.source == "local" or route.reason in OWN_ROUTE for route in echoed)

        right.withdraw(meeting.prefixes(3)[1])
        expected_left = everything - set(meeting.prefixes(2)) - {meeting.prefixes(3)[1]}
        meeting.wait_for_routes("a withdrawal is reflected", left.routes, expected_left)
        right.originate(meeting.prefixes(3)[1])

        foreign.reset(meeting.address(3))
        meeting.wait("the session is back", lambda: right.is_established(times=2), foreign.log)
        meeting.wait_for_routes("its routes are back", right.routes, everything - set(meeting.prefixes(3)))
        meeting.wait_for_routes("routes are back elsewhere", left.routes, everything - set(meeting.prefixes(2)))
        meeting.leave(right)
        expected_left = everything - set(meeting.prefixes(2)) - set(meeting.prefixes(3))
        meeting.wait_for_routes("routes go with their speaker", left.routes, expected_left)
        assert left.is_established(times=1)
    features = ("routes", "reflection", "no echo", "attributes", "unknown", "withdrawal", "reset", "end")
    found(Finding(daemon, "reflector", family, features))


@rows(core_families=("ipv4",))  # which family is carried makes no difference to a collision
@pytest.mark.rfc("4271", "6.8")
@in_namespace
def test_both_ends_dial(daemon: type[Daemon], family: str, tmp_path: Path, found: Found) -> None:
    need(daemon)
    with Meeting(family, tmp_path) as meeting:
        ours, theirs = meeting.prefixes(3), meeting.prefixes(2)
        address = meeting.address(2)
        reflector = meeting.reflector(
            {"address": address, "client": True}, {"address": meeting.address(3), "client": True, "passive": True}
        )
        raw = meeting.raw_client(3)
        raw.announce(*ours)
        with meeting.held(DIALS):
            foreign = meeting.daemon(daemon, 2, Neighbour(meeting.address(1), AS))
            meeting.wait("both dial", lambda: len(set(meeting.dialling())) == 2, meeting.dialling)
        if daemon.keeps_dialling:
            with meeting.held(MESSAGES):
                meeting.wait("both connect", lambda: connection_count(meeting, 2) == 2, meeting.connections)
        for times in range(1, 4):
            meeting.wait("a session", lambda n=times: reflector.is_established(address, n), reflector.log)  # type: ignore[misc]
            meeting.wait_for_routes("routes to it", foreign.routes, ours)
            meeting.wait_for_routes("routes from it", lambda: raw.routes, theirs)
            assert foreign.established() == [meeting.address(1)]
            meeting.wait("one connection", lambda: connection_count(meeting, 2) == 1, meeting.connections)
            assert reflector.session(address)["counters"]["established_count"] == times
            foreign.reset(meeting.address(1))
    found(Finding(daemon, "both dial", family, ("routes", "one session", "reset")))


def connection_count(meeting: Meeting, number: int) -> int:
    """Return how many connections there are between a participant and the first, whoever dialled."""
    ends = [f"{local} {remote}" for local, remote in meeting.connections()]
    marks = (f"{meeting.address(number)}:", f"{meeting.address(number)}]:")
    return sum(any(mark in end for mark in marks) for end in ends)


@rows()
@pytest.mark.rfc("6793", "4.1")
@pytest.mark.rfc("4456", "8")
@in_namespace
def test_external_peer_with_four_octet_as(daemon: type[Daemon], family: str, tmp_path: Path, found: Found) -> None:
    need(daemon)
    with Meeting(family, tmp_path) as meeting:
        ours, theirs = meeting.prefixes(3), meeting.prefixes(2)
        meeting.reflector(
            {"address": meeting.address(2), "as": EXTERNAL_AS, "passive": True, "import": "all", "export": "all"},
            {"address": meeting.address(3), "client": True, "passive": True},
        )
        raw = meeting.raw_client(3)
        raw.announce(*ours, more=MARKS)
        foreign = meeting.daemon(daemon, 2, Neighbour(meeting.address(1), AS), asn=EXTERNAL_AS)
        meeting.wait_for_routes("the raw client learns", lambda: raw.routes, theirs)
        meeting.wait_for_routes("the speaker learns", foreign.routes, ours)
        for inside in raw.routes.values():
            assert inside.as_path == (EXTERNAL_AS,)
            assert inside.next_hop == meeting.address(2)
            assert (inside.originator_id, inside.cluster_list) == (None, ()), "an external route is not reflected"
            assert inside.local_pref == 100
            assert marks_of(inside) == EXPECTED_MARKS
        for outside in foreign.routes().values():
            assert outside.as_path == (AS,)
            assert (outside.originator_id, outside.cluster_list) == (None, ())
            assert outside.communities == (f"{AS}:7",)
        foreign.set_prefixes(())
        meeting.wait_for_routes("its withdrawal arrives", lambda: raw.routes, ())
    found(Finding(daemon, "external", family, ("routes", "attributes", "withdrawal", "AS 4200000000")))
