"""The kernel's counters of TCP-MD5, as it shows them."""

import socket
from pathlib import Path

import pytest

from tortie.node.md5_counters import md5_drops
from tortie.speaker import Password
from tortie.speaker.protection import set_password


def test_what_the_kernel_shows(tmp_path: Path) -> None:
    file = tmp_path / "netstat"
    file.write_text(
        "TcpExt: SyncookiesSent TCPMD5NotFound TCPMD5Unexpected TCPMD5Failure\nTcpExt: 5 1 2 3\nIpExt: A\nIpExt: 1\n"
    )
    assert md5_drops(file) == {"missing": 1, "unexpected": 2, "wrong": 3}


@pytest.mark.parametrize("text", ["", "TcpExt: A\n", "TcpExt: A B\nTcpExt: 1\n", "TcpExt: A\nTcpExt: x\n"])
def test_a_kernel_that_does_not_say(tmp_path: Path, text: str) -> None:
    file = tmp_path / "netstat"
    file.write_text(text)
    assert md5_drops(file) == {}
    assert md5_drops(tmp_path / "none") == {}


def test_a_segment_without_password_is_counted() -> None:
    before = md5_drops()
    with socket.socket() as listener, socket.socket() as caller:
        set_password(listener, "127.77.2.2", Password(b"secret"))
        listener.bind(("127.77.2.1", 0))
        listener.listen()
        caller.bind(("127.77.2.2", 0))
        caller.settimeout(0.05)
        with pytest.raises(TimeoutError):
            caller.connect(listener.getsockname())
    assert md5_drops()["missing"] > before["missing"]
