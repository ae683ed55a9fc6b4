"""Foreign speakers and graceful restart: kill -9 of either side, and what the other keeps.

Nothing goes that is still there when the killed one is back, and what is not goes with its End-of-RIB (RFC 4724 §4).
"""

from pathlib import Path

import pytest

from interop.test_foreign_speakers import Found, rows
from lab.kernel_namespace import in_namespace
from support.daemons import FRR, Daemon, Neighbour
from support.interop import AS, DIALS, Meeting, OurReflector, need
from support.interop_page import Finding
from support.raw_bgp import RawClient

Cast = tuple[OurReflector, RawClient, Daemon]


def cast(meeting: Meeting, daemon: type[Daemon]) -> Cast:
    """Return our reflector with its clients: 3 is a raw one, 2 the speaker; all have learned all."""
    reflector = our_reflector(meeting)
    raw = meeting.raw_client(3)
    raw.announce(*meeting.prefixes(3))
    foreign = meeting.daemon(daemon, 2, Neighbour(meeting.address(1), AS, has_restart=True))
    meeting.wait_for_routes("the raw client learns", lambda: raw.routes, meeting.prefixes(2))
    meeting.wait_for_routes("the speaker learns", foreign.routes, meeting.prefixes(3))
    return reflector, raw, foreign


def our_reflector(meeting: Meeting) -> OurReflector:
    """Run our reflector; both clients dial it."""
    return meeting.reflector(
        *({"address": meeting.address(number), "client": True, "passive": True} for number in (2, 3))
    )


@rows("it restarts", core=(FRR,), core_families=("ipv4",))
@pytest.mark.rfc("4724", "4.2")
@in_namespace
def test_speaker_is_killed(daemon: type[Daemon], family: str, tmp_path: Path, found: Found) -> None:
    need(daemon)
    with Meeting(family, tmp_path) as meeting:
        kept, gone = meeting.prefixes(2)
        reflector, raw, foreign = cast(meeting, daemon)
        meeting.wait("its End-of-RIB", lambda: has_end_of_rib(reflector, meeting.address(2)), foreign.log)
        foreign.kill()
        meeting.wait("its end is noticed", lambda: not reflector.is_established(meeting.address(2)), reflector.log)
        assert stale(reflector, meeting.address(2)) == 2
        assert raw.routes.keys() == {kept, gone}

        meeting.start_again(foreign, (kept,))
        meeting.wait("its session is back", lambda: reflector.is_established(meeting.address(2), 2), foreign.log)
        meeting.wait_for_routes("what it has no more goes", lambda: raw.routes, (kept,))
        meeting.wait_for_routes("it has learned all again", foreign.routes, meeting.prefixes(3))
        assert raw.withdrawn == [gone]
        assert stale(reflector, meeting.address(2)) == 0
        foreign.set_prefixes((kept, gone))
        meeting.wait_for_routes("it announces again", lambda: raw.routes, (kept, gone))
    found(Finding(daemon, "sessions", family, ("it restarts",)))


def stale(reflector: OurReflector, address: str) -> int:
    """Return how many routes of a peer are kept from before its restart."""
    return sum(each["stale"] for each in reflector.session(address)["families"])


def has_end_of_rib(reflector: OurReflector, address: str) -> bool:
    """Tell whether a peer has said that it has sent all."""
    return all(each["end_of_rib"] for each in reflector.session(address)["families"])


@rows("we restart", core_families=("ipv4",))
@pytest.mark.rfc("4724", "4.1")
@in_namespace
def test_our_reflector_is_killed(daemon: type[Daemon], family: str, tmp_path: Path, found: Found) -> None:
    need(daemon)
    with Meeting(family, tmp_path) as meeting:
        kept, gone = meeting.prefixes(3)
        reflector, raw, foreign = cast(meeting, daemon)
        # the speaker keeps routes only of who has said End-of-RIB
        meeting.wait("the raw client has all", lambda: raw.has_end_of_rib)
        # It must not reach the listener that is about to go either: an OPEN that OpenBGPD could not send any more stays
        # in its buffer and goes before that of its next connection; a second OPEN ends a session (RFC 6608).
        with meeting.held(DIALS, source=meeting.address(2)):
            reflector.kill()
            meeting.drop(raw)
            meeting.wait("our end is noticed", lambda: not foreign.established(), foreign.log)
            assert foreign.routes().keys() == {kept, gone}
            reflector = our_reflector(meeting)
            raw = meeting.raw_client(3)
            raw.announce(kept)
            meeting.wait("we have learned again", lambda: received(reflector, meeting.address(3)) == 1)
            assert foreign.routes().keys() == {kept, gone}

        def is_swept() -> bool:
            routes = foreign.routes()
            assert kept in routes, "a route that was there all the time has gone"
            return gone not in routes

        meeting.wait("what we have no more goes", is_swept, foreign.log)
        meeting.wait_for_routes("the raw client learns again", lambda: raw.routes, meeting.prefixes(2))
        raw.announce(gone)
        meeting.wait_for_routes("we announce again", foreign.routes, (kept, gone))
    found(Finding(daemon, "sessions", family, ("we restart",)))


def received(reflector: OurReflector, address: str) -> int:
    """Return how many routes a peer has announced."""
    return sum(each["received"] for each in reflector.session(address)["families"])
