"""SessionConfig: every limit at its edge, and the send hold time."""

import pytest

from support.sessions import session_config
from tortie.bgp.errors import LocalProtocolError
from tortie.bgp.wire import IPV4_UNICAST

GOOD = [
    ("local_as", 1),
    ("local_as", 0xFFFF_FFFF),
    ("peer_as", 0),
    ("peer_as", 0xFFFF_FFFF),
    ("router_id", 1),
    ("router_id", 0xFFFF_FFFF),
    ("hold_time_s", 0),
    ("hold_time_s", 3),
    ("hold_time_s", 65535),
    ("connect_retry_s", 0.1),
    ("delay_open_s", 0.0),
    ("send_hold_time_s", 0.0),
    ("restart_time_s", 0),
    ("restart_time_s", 4095),
]
BAD = [
    ("local_as", 0),
    ("local_as", 0x1_0000_0000),
    ("peer_as", -1),
    ("peer_as", 0x1_0000_0000),
    ("router_id", 0),
    ("router_id", 0x1_0000_0000),
    ("hold_time_s", 1),
    ("hold_time_s", 2),
    ("hold_time_s", 65536),
    ("connect_retry_s", 0.0),
    ("idle_hold_s", 0.0),
    ("idle_hold_max_s", 0.5),
    ("delay_open_s", -0.1),
    ("send_hold_time_s", -1.0),
    ("restart_time_s", -1),
    ("restart_time_s", 4096),
    ("families", ()),
    ("families", (IPV4_UNICAST, IPV4_UNICAST)),
]


@pytest.mark.parametrize(("field", "value"), GOOD, ids=[f"{field}={value}" for field, value in GOOD])
def test_limits_are_inside(field: str, value: object) -> None:
    assert getattr(session_config(**{field: value}), field) == value


@pytest.mark.parametrize(("field", "value"), BAD, ids=[f"{field}={value}" for field, value in BAD])
def test_beyond_limits_the_field_is_named(field: str, value: object) -> None:
    with pytest.raises(LocalProtocolError, match=rf"session with 192\.0\.2\.2: {field} is .*, expected "):
        session_config(**{field: value})


@pytest.mark.rfc("9687", "4.4")
@pytest.mark.rfc("9687", "6")
@pytest.mark.parametrize(
    ("configured", "hold_time_s", "expected"),
    [(None, 90, 480.0), (None, 300, 600.0), (None, 0, 480.0), (0.0, 90, 0.0), (20.0, 9, 20.0), (20.0, 90, 91.0)],
    ids=["8 minutes", "twice the hold time", "no hold time", "off", "configured", "longer than the hold time"],
)
def test_send_hold_time(configured: float | None, hold_time_s: int, expected: float) -> None:
    assert session_config(send_hold_time_s=configured).send_hold_s(hold_time_s) == expected


@pytest.mark.rfc("9494", "3.1")
@pytest.mark.parametrize(("restart_time_s", "long_lived_s"), [(0, 1), (60, 1 << 24), (60, -1)])
def test_long_lived_time_that_cannot_be(restart_time_s: int, long_lived_s: int) -> None:
    with pytest.raises(LocalProtocolError, match=f"long_lived_s is {long_lived_s}, expected 0 to 16777215, and a rest"):
        session_config(restart_time_s=restart_time_s, long_lived_s=long_lived_s)
