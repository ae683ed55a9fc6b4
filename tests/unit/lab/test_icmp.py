"""Echo requests and replies of the prober."""

import socket
import struct

import pytest

from tortie.lab.icmp import Echo, decode_reply, encode_request, reply_filter

ECHO = Echo(pair_index=7, number=0x1_0000_0005)


def reply_to(request: bytes, kind: int) -> bytes:
    """Return the reply that a host gives: the type changed, everything else as it came."""
    return bytes([kind]) + request[1:]


def with_ip_header(packet: bytes, words: int = 5) -> bytes:
    return bytes([0x40 | words]) + bytes(words * 4 - 1) + packet


@pytest.mark.rfc("792", "echo")
def test_request_v4_has_type_identifier_sequence_and_a_right_checksum() -> None:
    request = encode_request(ECHO, 0xBEEF, socket.AF_INET)
    kind, code, _, identifier, sequence = struct.unpack_from("!BBHHH", request)
    assert (kind, code, identifier, sequence) == (8, 0, 0xBEEF, 5)
    total = sum(struct.unpack(f"!{len(request) // 2}H", request))
    assert (total & 0xFFFF) + (total >> 16) == 0xFFFF


@pytest.mark.rfc("4443", "4.1")
def test_request_v6_leaves_the_checksum_to_the_kernel() -> None:
    request = encode_request(ECHO, 1, socket.AF_INET6)
    assert request[0] == 128
    assert request[2:4] == b"\0\0"


@pytest.mark.parametrize("words", [5, 6, 15], ids=["no options", "one word", "most options"])
def test_reply_v4_says_which_echo_it_answers(words: int) -> None:
    reply = reply_to(encode_request(ECHO, 9, socket.AF_INET), 0)
    assert decode_reply(with_ip_header(reply, words), 9, socket.AF_INET) == ECHO


@pytest.mark.rfc("4443", "4.2")
def test_reply_v6_has_no_ip_header() -> None:
    reply = reply_to(encode_request(ECHO, 9, socket.AF_INET6), 129)
    assert decode_reply(reply, 9, socket.AF_INET6) == ECHO


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(bytes(19), id="shorter than an IP header"),
        pytest.param(with_ip_header(b""), id="header only"),
        pytest.param(with_ip_header(encode_request(ECHO, 9, socket.AF_INET)), id="a request"),
        pytest.param(with_ip_header(reply_to(encode_request(ECHO, 8, socket.AF_INET), 0)), id="another's identifier"),
        pytest.param(with_ip_header(reply_to(encode_request(ECHO, 9, socket.AF_INET), 0)[:-1]), id="one octet short"),
        pytest.param(
            with_ip_header(reply_to(encode_request(ECHO, 9, socket.AF_INET), 0).replace(b"tort", b"ping")),
            id="another's payload",
        ),
    ],
)
def test_what_is_no_reply_to_us_is_left_alone(data: bytes) -> None:
    assert decode_reply(data, 9, socket.AF_INET) is None


def test_filters_let_replies_pass_and_nothing_else() -> None:
    _, _, value = reply_filter(socket.AF_INET)
    (blocked,) = struct.unpack("=I", value)
    assert blocked == 0xFFFFFFFE
    _, _, value = reply_filter(socket.AF_INET6)
    words = struct.unpack("=8I", value)
    passing = [word * 32 + bit for word, mask in enumerate(words) for bit in range(32) if not mask >> bit & 1]
    assert passing == [129]
