"""NOTIFICATION: bytes and words."""

import pytest

from tortie.bgp.errors import LocalProtocolError, RemoteProtocolError
from tortie.bgp.wire import Notification, decode_notification, encode_notification, hard_reset, shutdown_data

ROWS = [
    ("code and subcode", Notification(2, 2), "OPEN Message Error / Bad Peer AS"),
    ("no subcode", Notification(4, 0), "Hold Timer Expired"),
    ("unknown subcode", Notification(6, 99), "Cease / subcode 99"),
    ("unknown code", Notification(99, 1), "code 99 / subcode 1"),
    ("RFC 4486", Notification(6, 2), "Cease / Administrative Shutdown"),
    ("RFC 9003", Notification(6, 2, b"\x05later"), 'Cease / Administrative Shutdown: "later"'),
    ("RFC 9003 reset", Notification(6, 4, b"\x05later"), 'Cease / Administrative Reset: "later"'),
    ("RFC 9003 empty", Notification(6, 2, b"\0"), "Cease / Administrative Shutdown"),
    ("RFC 9003 cut short", Notification(6, 2, b"\x09later"), "Cease / Administrative Shutdown"),
    ("RFC 9003 no UTF-8", Notification(6, 2, b"\x02\xffa"), 'Cease / Administrative Shutdown: "\\xffa"'),
    ("RFC 9003 no line breaks", Notification(6, 2, b"\x03a\nb"), 'Cease / Administrative Shutdown: "a\\nb"'),
    (
        "RFC 9003 an escape sequence",
        Notification(6, 2, b"\x05\x1b[31m"),
        'Cease / Administrative Shutdown: "\\x1b[31m"',
    ),
    ("RFC 9003 C1 control", Notification(6, 2, b"\x02\xc2\x9b"), 'Cease / Administrative Shutdown: "\\x9b"'),
    (
        "RFC 9003 writes backwards",
        Notification(6, 2, b"\x03\xe2\x80\xae"),
        'Cease / Administrative Shutdown: "\\u202e"',
    ),
    (
        "RFC 9003 a surrogate",
        Notification(6, 2, b"\x03\xed\xa0\x80"),
        'Cease / Administrative Shutdown: "\\xed\\xa0\\x80"',
    ),
    (
        "RFC 9003 another script",
        Notification(6, 2, bytes((9,)) + "ждите ".encode()[:9]),
        'Cease / Administrative Shutdown: "ждит\\xd0"',
    ),
    ("RFC 9003 octets after it", Notification(6, 2, b"\x02hixyz"), 'Cease / Administrative Shutdown: "hi"'),
    (
        "RFC 9003 in RFC 8538",
        hard_reset(Notification(6, 2, b"\x03a\x07b")),
        'Cease / Hard Reset: Cease / Administrative Shutdown: "a\\x07b"',
    ),
    ("no message elsewhere", Notification(6, 3, b"\x05later"), "Cease / Peer De-configured"),
    ("RFC 6608", Notification(5, 3), "Finite State Machine Error / Unexpected Message in Established"),
    ("RFC 7313", Notification(7, 1), "ROUTE-REFRESH Message Error / Invalid Message Length"),
    ("RFC 9687", Notification(8, 0), "Send Hold Timer Expired"),
    ("RFC 8538", hard_reset(Notification(6, 3)), "Cease / Hard Reset: Cease / Peer De-configured"),
    ("RFC 8538 empty", Notification(6, 9), "Cease / Hard Reset"),
]


@pytest.mark.rfc("4271", "4.5")
@pytest.mark.rfc("4486", "3")
@pytest.mark.rfc("9003", "2")
@pytest.mark.rfc("8538", "3.1")
@pytest.mark.parametrize(("notification", "text"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_words_and_bytes(notification: Notification, text: str) -> None:
    assert notification.text == text
    encoded = encode_notification(notification)
    assert encoded[18] == 3
    assert decode_notification(encoded[19:]) == notification


def test_nested_hard_resets_end() -> None:
    notification = Notification(6, 9, b"\6\x09" * 2000)
    assert notification.text.endswith("Hard Reset")


@pytest.mark.rfc("9003", "2")
def test_shutdown_message_limits() -> None:
    assert shutdown_data("") == b""
    assert Notification(6, 2, shutdown_data("ü" * 127)).shutdown_message == "ü" * 127
    assert len(shutdown_data("a" * 255)) == 256
    with pytest.raises(LocalProtocolError, match="256 octets"):
        shutdown_data("ü" * 128)


@pytest.mark.rfc("4271", "6.1")
@pytest.mark.parametrize("body", [b"", b"\6"])
def test_too_short(body: bytes) -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        decode_notification(body)
    assert (caught.value.code, caught.value.subcode) == (1, 2)


@pytest.mark.parametrize("notification", [Notification(256, 0), Notification(6, -1)])
def test_not_encoded(notification: Notification) -> None:
    with pytest.raises(LocalProtocolError):
        encode_notification(notification)
