"""Addresses with a port."""

import pytest

from tortie.cli.addresses import address_and_port

GOOD = [
    ("10.10.31.190:2379", ("10.10.31.190", 2379)),
    ("0.0.0.0:0", ("0.0.0.0", 0)),
    ("[fd00::0001]:65535", ("fd00::1", 65535)),
]
BAD = ["10.10.31.190", "10.10.31.190:", ":2379", "host:2379", "10.0.0.1:65536", "10.0.0.1:-1", "fd00::1:2379",
       "[10.0.0.1]:2379", "10.0.0.1:99999999999999999999"]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), GOOD, ids=[row[0] for row in GOOD])
def test_good(text: str, expected: tuple[str, int]) -> None:
    assert address_and_port(text) == expected


@pytest.mark.parametrize("text", BAD)
def test_bad(text: str) -> None:
    with pytest.raises(ValueError, match=r"expected|address"):
        address_and_port(text)
