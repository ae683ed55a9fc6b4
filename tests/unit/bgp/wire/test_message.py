"""Framing: cutting a stream into messages, and headers that are wrong."""

import pytest

from tortie.bgp.errors import LocalProtocolError, RemoteProtocolError
from tortie.bgp.wire import KEEPALIVE, MESSAGE_LENGTH_MAX_EXTENDED, MessageReader, MessageType, encode_message

MARKER = "ff" * 16


def read_all(reader: MessageReader) -> list[tuple[MessageType, bytes]]:
    messages = []
    while (message := reader.next_message()) is not None:
        messages.append(message)
    return messages


@pytest.mark.rfc("4271", "4.1")
def test_stream_in_any_pieces() -> None:
    notification = encode_message(MessageType.NOTIFICATION, b"\6\2")
    stream = KEEPALIVE + notification + KEEPALIVE
    expected = [(MessageType.KEEPALIVE, b""), (MessageType.NOTIFICATION, b"\6\2"), (MessageType.KEEPALIVE, b"")]
    for size in range(1, len(stream) + 1):
        reader = MessageReader()
        messages = []
        for start in range(0, len(stream), size):
            reader.feed(stream[start : start + size])
            messages += read_all(reader)
        assert messages == expected


@pytest.mark.rfc("4271", "4.4")
def test_keepalive_is_a_header() -> None:
    assert KEEPALIVE.hex() == MARKER + "001304"


BAD = [
    ("marker of zeros", "00" * 16 + "001304", 1, ""),
    ("last marker octet", "ff" * 15 + "fe" + "001304", 1, ""),
    ("marker before length and type", "00" * 16 + "0000ff", 1, ""),
    ("length 0", MARKER + "000004", 2, "0000"),
    ("length 18", MARKER + "001204", 2, "0012"),
    ("length before type", MARKER + "0012ff", 2, "0012"),
    ("length 4097", MARKER + "100102", 2, "1001"),
    ("OPEN of 28", MARKER + "001c01", 2, "001c"),
    ("UPDATE of 22", MARKER + "001602", 2, "0016"),
    ("NOTIFICATION of 20", MARKER + "001403", 2, "0014"),
    ("KEEPALIVE of 20", MARKER + "001404", 2, "0014"),
    ("type 0", MARKER + "001300", 3, "00"),
    ("type 6", MARKER + "001306", 3, "06"),
    ("type 255", MARKER + "0013ff", 3, "ff"),
]


@pytest.mark.rfc("4271", "6.1")
@pytest.mark.parametrize(("header", "subcode", "data"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_bad_header(header: str, subcode: int, data: str) -> None:
    reader = MessageReader()
    reader.feed(KEEPALIVE + bytes.fromhex(header))
    assert reader.next_message() == (MessageType.KEEPALIVE, b"")
    with pytest.raises(RemoteProtocolError, match="header: ") as caught:
        reader.next_message()
    assert (caught.value.code, caught.value.subcode, caught.value.data.hex()) == (1, subcode, data)
    reader.feed(KEEPALIVE)
    with pytest.raises(RemoteProtocolError) as again:
        reader.next_message()
    assert again.value is caught.value


SHORTEST = [
    (MessageType.OPEN, 10),
    (MessageType.UPDATE, 4),
    (MessageType.NOTIFICATION, 2),
    (MessageType.KEEPALIVE, 0),
    (MessageType.ROUTE_REFRESH, 4),
]


@pytest.mark.rfc("4271", "6.1")
@pytest.mark.parametrize(("message_type", "length"), SHORTEST)
def test_shortest_message(message_type: MessageType, length: int) -> None:
    reader = MessageReader()
    reader.feed(encode_message(message_type, bytes(length)))
    assert reader.next_message() == (message_type, bytes(length))


@pytest.mark.rfc("4271", "4.1")
def test_longest_message() -> None:
    reader = MessageReader()
    reader.feed(encode_message(MessageType.UPDATE, bytes(4096 - 19)))
    assert reader.next_message() == (MessageType.UPDATE, bytes(4096 - 19))


@pytest.mark.rfc("8654", "4")
def test_extended_messages() -> None:
    reader = MessageReader()
    reader.length_max = MESSAGE_LENGTH_MAX_EXTENDED
    reader.feed(encode_message(MessageType.UPDATE, bytes(65535 - 19)))
    assert reader.next_message() == (MessageType.UPDATE, bytes(65535 - 19))
    reader.feed(encode_message(MessageType.OPEN, bytes(4097 - 19)))
    with pytest.raises(RemoteProtocolError, match="OPEN of 4097 octets, expected 29 to 4096"):
        reader.next_message()


def test_too_long_to_encode() -> None:
    with pytest.raises(LocalProtocolError, match="65536 octets"):
        encode_message(MessageType.UPDATE, bytes(65536 - 19))
