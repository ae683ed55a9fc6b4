"""ADD-PATH with BIRD 2 over real sockets: it learns every path from our reflector, and ours every path from it."""

from pathlib import Path
from typing import cast

import pytest

from lab.kernel_namespace import in_namespace
from support.daemons import Bird2, Neighbour
from support.interop import AS, Meeting, need
from tortie.bgp.engine import AddPathMode

FAMILIES = [pytest.param("ipv4"), pytest.param("ipv6", marks=pytest.mark.all)]


def shared(meeting: Meeting) -> tuple[str, list[str]]:
    """Return a prefix that participants 3 and 4 announce both, and their addresses."""
    return meeting.prefixes(9)[0], [meeting.address(3), meeting.address(4)]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(("add_path", "count"), [("send", 2), ("off", 1)])
@pytest.mark.rfc("7911", "4")
@in_namespace
def test_what_our_reflector_sends(family: str, add_path: str, count: int, tmp_path: Path) -> None:
    need(Bird2)
    with Meeting(family, tmp_path) as meeting:
        prefix, next_hops = shared(meeting)
        reflector = meeting.reflector(
            {"address": meeting.address(2), "client": True, "passive": True, "add_path": add_path},
            *({"address": address, "client": True, "passive": True} for address in next_hops),
        )
        sources = [meeting.raw_client(number) for number in (3, 4)]
        for source in sources:
            source.announce(prefix)
        bird = cast("Bird2", meeting.daemon(Bird2, 2, Neighbour(meeting.address(1), AS, has_add_path=True)))

        def learned() -> list[str]:
            return bird.next_hops(prefix)

        meeting.wait("BIRD learns", lambda: learned() == next_hops[:count], learned)
        (shown,) = reflector.session(meeting.address(2))["families"]
        assert (shown["family"], shown["add_path"], shown["sent"]) == (family, add_path, count)
        sources[0].withdraw(prefix)
        meeting.wait("one goes", lambda: learned() == next_hops[1:], learned)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.rfc("7911", "3")
@in_namespace
def test_what_our_speaker_receives(family: str, tmp_path: Path) -> None:
    need(Bird2)
    with Meeting(family, tmp_path) as meeting:
        prefix, next_hops = shared(meeting)
        clients = [
            Neighbour(meeting.address(number), AS, is_client=True, is_passive=True, has_add_path=number == 2)
            for number in (2, 3, 4)
        ]
        meeting.daemon(Bird2, 1, *clients)
        ours = meeting.speaker(2, 1, add_path=AddPathMode.RECEIVE)
        for number in (3, 4):
            meeting.raw_client(number).announce(prefix)

        def learned() -> list[str]:
            return sorted(str(route.next_hop) for route in ours.all_routes() if route.prefix == prefix)

        meeting.wait("ours learns both paths", lambda: learned() == next_hops, learned)
