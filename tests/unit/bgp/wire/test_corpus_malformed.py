"""The malformed inputs of the external corpus: what the codec makes of each."""

import json
import re
from typing import Any

import pytest

from support.corpus import corpus_folder
from support.wire import EBGP
from tortie.bgp.errors import Disposition, RemoteProtocolError
from tortie.bgp.wire import (
    AttributeTable,
    MessageReader,
    MessageType,
    Update,
    decode_notification,
    decode_open,
    decode_route_refresh,
    decode_update,
)

CASE_IDS = [
    *(f"H{number:02}" for number in range(1, 14)),
    *(f"O{number:02}" for number in range(1, 17)),
    *(f"A{number:02}" for number in range(1, 15)),
]
WELL_FORMED = {
    "H13": "a family that was not negotiated: the session ignores it",
    "O03": "another AS than configured: the session knows which",
    "O12": "accepted",
    "O13": "well-formed, at the wrong time: the session knows when",
    "O14": "well-formed, at the wrong time: the session knows when",
    "O16": "accepted",
}


def read(stream: bytes) -> object:
    reader = MessageReader()
    reader.feed(stream)
    message = reader.next_message()
    assert message is not None
    message_type, body = message
    match message_type:
        case MessageType.OPEN:
            return decode_open(body)
        case MessageType.UPDATE:
            return decode_update(body, EBGP, AttributeTable())
        case MessageType.NOTIFICATION:
            return decode_notification(body)
        case MessageType.ROUTE_REFRESH:
            return decode_route_refresh(body)
        case MessageType.KEEPALIVE:
            return None


def load() -> dict[str, dict[str, Any]]:
    cases = json.loads((corpus_folder("malformed") / "vectors.json").read_text())["cases"]
    return {case["id"]: case for case in cases}


def test_every_case_is_tested() -> None:
    assert sorted(load()) == sorted(CASE_IDS)


@pytest.mark.rfc("4271", "6")
@pytest.mark.rfc("7606", "3")
@pytest.mark.rfc("7607", "2")
@pytest.mark.rfc("9072", "2")
@pytest.mark.parametrize("case_id", CASE_IDS)
def test_reaction(case_id: str) -> None:
    case = load()[case_id]
    stream = bytes.fromhex(case["hex"])
    reset = re.match(r"reset (\d+)/(\d+)", case["expect"])
    if case_id in WELL_FORMED:
        read(stream)
    elif reset is not None:
        with pytest.raises(RemoteProtocolError) as caught:
            read(stream)
        assert (caught.value.code, caught.value.subcode) == (int(reset[1]), int(reset[2]))
        if "data = the bad length" in case["expect"]:
            assert caught.value.data == stream[16:18]
        elif "data = the type" in case["expect"]:
            assert caught.value.data == stream[18:19]
        elif "data = 4" in case["expect"]:
            assert caught.value.data == b"\0\4"
    else:
        assert case["expect"].startswith("TAW")
        seed, update = read(bytes.fromhex(case["seed_hex"])), read(stream)
        assert isinstance(seed, Update)
        assert isinstance(update, Update)
        assert [problem.disposition for problem in update.problems] == [Disposition.TREAT_AS_WITHDRAW]
        assert update.announced == []
        assert update.announced_unusable == [(family, keys) for family, _, keys in seed.announced]
