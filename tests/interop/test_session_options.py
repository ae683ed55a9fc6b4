"""Foreign speakers and what a session can have beside its routes: 2-octet AS numbers, both families, being asked.

One test is one option with one speaker and family; who does not have it, its class says (`Daemon.not_offered`).
"""

from pathlib import Path
from typing import Final

import pytest

from interop.test_foreign_speakers import EXTERNAL_AS, Found, rows
from lab.kernel_namespace import in_namespace
from support.daemons import Daemon, ExaBGP, Neighbour
from support.interop import AS, Meeting, need
from support.interop_page import Finding

TWO_OCTET_AS: Final = 65010
FAR_AS: Final = 4200000001
INNER_AS: Final = 4200000002


@rows("2-octet AS", core_families=("ipv4",))
@pytest.mark.rfc("6793", "4.2.2")
@pytest.mark.rfc("6793", "4.2.3")
@in_namespace
def test_two_octet_as(daemon: type[Daemon], family: str, tmp_path: Path, found: Found) -> None:
    """Behind the speaker stands one of ours with a 4-octet AS, before it a route from another 4-octet AS."""
    need(daemon)
    with Meeting(family, tmp_path) as meeting:
        meeting.reflector(
            {"address": meeting.address(2), "as": TWO_OCTET_AS, "passive": True},
            {"address": meeting.address(3), "client": True, "passive": True},
        )
        raw = meeting.raw_client(3)
        raw.announce(*meeting.prefixes(3), as_path=(INNER_AS,))
        old = Neighbour(meeting.address(1), AS, is_two_octet=True)
        foreign: Daemon
        if daemon is ExaBGP:  # it passes nothing on: the far AS stands in its own routes
            far = meeting.prefixes(2)
            foreign = meeting.daemon(daemon, 2, old, asn=TWO_OCTET_AS, as_path=(TWO_OCTET_AS, FAR_AS))
        else:
            far = meeting.prefixes(4)
            foreign = meeting.daemon(
                daemon, 2, old, Neighbour(meeting.address(4), FAR_AS, is_passive=True), asn=TWO_OCTET_AS, prefixes=()
            )
            behind = meeting.speaker(4, 2, local_as=FAR_AS, peer_as=TWO_OCTET_AS)
            behind.originate(*far)
            meeting.wait_for_routes("the far speaker learns", behind.routes, meeting.prefixes(3))
            expected = f"{TWO_OCTET_AS} {AS} {INNER_AS}"
            assert {route.as_path for route in behind.routes().values()} == {expected}
        meeting.wait_for_routes("the raw client learns", lambda: raw.routes, far)
        assert {route.as_path for route in raw.routes.values()} == {(TWO_OCTET_AS, FAR_AS)}
        meeting.wait("the speaker learns", lambda: foreign.routes().keys() >= set(meeting.prefixes(3)), foreign.routes)
        assert {foreign.routes()[each].as_path for each in meeting.prefixes(3)} == {(AS, INNER_AS)}
    found(Finding(daemon, "sessions", family, ("2-octet AS",)))


@rows("both families", core_families=("ipv4",))
@pytest.mark.rfc("4760", "8")
@in_namespace
def test_both_families_in_one_session(daemon: type[Daemon], family: str, tmp_path: Path, found: Found) -> None:
    need(daemon)
    with Meeting(family, tmp_path) as meeting:
        both = {"client": True, "passive": True, "families": ["ipv4", "ipv6"]}
        meeting.reflector(*({"address": meeting.address(number), **both} for number in (2, 3)))
        ours = meeting.speaker(3, 1, other_address=meeting.other_address(3))
        ours.originate(*meeting.prefixes_of_both(3))
        foreign = meeting.daemon(
            daemon,
            2,
            Neighbour(meeting.address(1), AS),
            prefixes=meeting.prefixes_of_both(2),
            other_address=meeting.other_address(2),
        )
        meeting.wait_for_routes("ours learns", ours.routes, meeting.prefixes_of_both(2))
        meeting.wait_for_routes("the speaker learns", foreign.routes, meeting.prefixes_of_both(3))
        for routes, number in ((ours.routes(), 2), (foreign.routes(), 3)):
            expected = {meeting.address(number), meeting.other_address(number)}
            assert {route.next_hop for route in routes.values()} == expected
        left = meeting.prefixes_of_both(2)[1:]
        foreign.set_prefixes(left)
        meeting.wait_for_routes("a withdrawal of one family arrives", ours.routes, left)
    found(Finding(daemon, "sessions", family, ("both families",)))


@rows("asked", core_families=("ipv4",))
@pytest.mark.rfc("2918", "3")
@in_namespace
def test_speaker_is_asked_for_its_routes(daemon: type[Daemon], family: str, tmp_path: Path, found: Found) -> None:
    """Ours asks when what it took before has to be judged by another rule."""
    need(daemon)
    with Meeting(family, tmp_path) as meeting:
        ours = meeting.speaker(3, 2, peer_as=EXTERNAL_AS)
        neighbour = Neighbour(meeting.address(3), AS, has_restart=True)  # it says End-of-RIB only with that
        foreign = meeting.daemon(daemon, 2, neighbour, asn=EXTERNAL_AS)
        meeting.wait_for_routes("ours learns", ours.routes, meeting.prefixes(2))
        meeting.wait("its End-of-RIB", ours.has_end_of_rib, foreign.log)
        before = ours.counters()["update_received"]
        ours.change(accept_any_first_as=True)
        meeting.wait("the speaker sends again", lambda: ours.counters()["update_received"] > before, foreign.log)
        assert ours.counters()["route_refresh_sent"] == 1
        assert ours.is_established(times=1)
        assert ours.routes().keys() == set(meeting.prefixes(2))
    found(Finding(daemon, "sessions", family, ("asked",)))
