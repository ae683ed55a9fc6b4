"""Foreign speakers with a password and a check of the distance, against ours with both.

Our end has another password at first, and nothing comes up; then its file is given the right one.
"""

import socket
from pathlib import Path

import pytest

from interop.test_foreign_speakers import FAMILIES
from lab.kernel_namespace import in_namespace
from support.daemons import BGP_PORT, CORE, Daemon, Neighbour
from support.interop import AS, Meeting, need

PASSWORD = "a_long_and_secret_word"
NO_ANSWER = "no answer to the dial; check the password at both ends"


@pytest.mark.rfc("2385", "2")
@pytest.mark.rfc("5082", "3")
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("daemon", CORE)
@in_namespace
def test_password_and_distance(daemon: type[Daemon], family: str, tmp_path: Path) -> None:
    need(daemon)
    file = tmp_path / "password"
    file.touch(mode=0o600)
    file.write_text("another word\n")
    with Meeting(family, tmp_path) as meeting:
        address = meeting.address(2)
        reflector = meeting.reflector(
            {"address": address, "client": True, "password_file": str(file), "ttl_security": 1},
            {"address": meeting.address(3), "client": True, "passive": True},
        )
        raw = meeting.raw_client(3)
        raw.announce(*meeting.prefixes(3))
        foreign = meeting.daemon(daemon, 2, Neighbour(meeting.address(1), AS, password=PASSWORD, hops=1))
        meeting.wait("silence is said", lambda: reflector.session(address)["last_error"] == NO_ANSWER, reflector.log)
        assert reflector.session(address)["counters"]["established_count"] == 0
        assert foreign.established() == []

        file.write_text(f"{PASSWORD}\n")
        meeting.wait("a session", lambda: reflector.is_established(address), foreign.log)
        meeting.wait_for_routes("the speaker learns", foreign.routes, meeting.prefixes(3))
        meeting.wait_for_routes("the raw client learns", lambda: raw.routes, meeting.prefixes(2))
        assert not lets_in(meeting, address), "nobody else gets an answer from its address"
        assert reflector.session(address)["counters"]["established_count"] == 1


def lets_in(meeting: Meeting, address: str) -> bool:
    """Whether our reflector answers a dial from an address, without a password."""
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as sock:
        sock.settimeout(0.3)
        sock.bind((address, 0))
        try:
            sock.connect((meeting.address(1), BGP_PORT))
        except TimeoutError:
            return False
        return True
