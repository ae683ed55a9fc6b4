"""ADD-PATH over real sockets: a foreign speaker learns every path from our reflector, and ours every path from it."""

from pathlib import Path

import pytest

from interop.test_foreign_speakers import Found, rows
from lab.kernel_namespace import in_namespace
from support.daemons import Bird2, Daemon, ExaBGP, Neighbour
from support.interop import AS, Meeting, OurSpeaker, need
from support.interop_page import Finding
from tortie.bgp.engine import AddPathMode


def shared(meeting: Meeting) -> tuple[str, list[str]]:
    """Return a prefix that participants 3 and 4 announce both, and their addresses."""
    return meeting.prefixes(9)[0], [meeting.address(3), meeting.address(4)]


@rows("ADD-PATH to it", core_families=("ipv4",))
@pytest.mark.rfc("7911", "4")
@in_namespace
def test_what_our_reflector_sends(daemon: type[Daemon], family: str, tmp_path: Path, found: Found) -> None:
    with Meeting(family, tmp_path) as meeting:
        is_taught(meeting, daemon, "send", 2)
    found(Finding(daemon, "sessions", family, ("ADD-PATH to it",)))


@pytest.mark.parametrize("family", [pytest.param("ipv4"), pytest.param("ipv6", marks=pytest.mark.all)])
@pytest.mark.rfc("7911", "4")
@in_namespace
def test_what_our_reflector_sends_without_it(family: str, tmp_path: Path) -> None:
    with Meeting(family, tmp_path) as meeting:
        is_taught(meeting, Bird2, "off", 1)


def is_taught(meeting: Meeting, daemon: type[Daemon], add_path: str, count: int) -> None:
    """See how a speaker that wants all paths is sent so many by our reflector, and then one less."""
    need(daemon)
    prefix, next_hops = shared(meeting)
    reflector = meeting.reflector(
        {"address": meeting.address(2), "client": True, "passive": True, "add_path": add_path},
        *({"address": address, "client": True, "passive": True} for address in next_hops),
    )
    sources = [meeting.raw_client(number) for number in (3, 4)]
    for source in sources:
        source.announce(prefix)
    foreign = meeting.daemon(daemon, 2, Neighbour(meeting.address(1), AS, has_add_path=True))

    def learned() -> list[str]:
        return foreign.next_hops(prefix)

    meeting.wait("it learns", lambda: learned() == next_hops[:count], learned)
    (shown,) = reflector.session(meeting.address(2))["families"]
    assert (shown["family"], shown["add_path"], shown["sent"]) == (meeting.family, add_path, count)
    sources[0].withdraw(prefix)
    meeting.wait("one goes", lambda: learned() == next_hops[1:], learned)


@rows("ADD-PATH from it", core_families=("ipv4",))
@pytest.mark.rfc("7911", "3")
@in_namespace
def test_what_our_speaker_receives(daemon: type[Daemon], family: str, tmp_path: Path, found: Found) -> None:
    need(daemon)
    with Meeting(family, tmp_path) as meeting:
        prefix, next_hops = shared(meeting)
        if issubclass(daemon, ExaBGP):  # it reflects nothing: both paths are its own
            teller = meeting.daemon(daemon, 1, Neighbour(meeting.address(2), AS, has_add_path=True))
            ours = meeting.speaker(2, 1, add_path=AddPathMode.RECEIVE)
            teller.announce_paths(prefix, next_hops)
            learns(meeting, ours, prefix, next_hops)
            teller.withdraw_path(prefix, 1, next_hops[0])
        else:
            clients = [
                Neighbour(meeting.address(number), AS, is_client=True, is_passive=True, has_add_path=number == 2)
                for number in (2, 3, 4)
            ]
            meeting.daemon(daemon, 1, *clients)
            ours = meeting.speaker(2, 1, add_path=AddPathMode.RECEIVE)
            sources = [meeting.raw_client(number) for number in (3, 4)]
            for source in sources:
                source.announce(prefix)
            learns(meeting, ours, prefix, next_hops)
            sources[0].withdraw(prefix)
        learns(meeting, ours, prefix, next_hops[1:])
    found(Finding(daemon, "sessions", family, ("ADD-PATH from it",)))


def learns(meeting: Meeting, ours: OurSpeaker, prefix: str, next_hops: list[str]) -> None:
    """Wait until our speaker has these paths to a prefix and no others."""

    def learned() -> list[str]:
        return sorted(str(route.next_hop) for route in ours.all_routes() if route.prefix == prefix)

    meeting.wait(f"ours has {len(next_hops)} paths", lambda: learned() == next_hops, learned)
