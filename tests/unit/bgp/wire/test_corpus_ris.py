"""Real UPDATEs of a route collector: no problem is found in them, and their attributes are written as they came."""

import gzip
from collections.abc import Iterator
from struct import unpack_from
from typing import Final

import pytest

from support.corpus import corpus_folder
from support.wire import FAMILIES
from tortie.bgp.wire import (
    AttributeTable,
    DecodeContext,
    EncodeContext,
    MessageReader,
    MessageType,
    attribute_block,
    decode_update,
    encode_updates,
)

BGP4MP: Final = 16
MESSAGE: Final = 1
MESSAGE_AS4: Final = 4
UPDATE_COUNT: Final = 1888
ADDRESSES: Final = {1: 8, 2: 32}
"""Octets of the two addresses of a record, by AFI."""


def updates() -> Iterator[tuple[bytes, bool]]:
    """Yield the body of each UPDATE, and whether its AS numbers have 4 octets (RFC 6396 §4.4)."""
    (file,) = corpus_folder("ris").glob("*.gz")
    data = gzip.decompress(file.read_bytes())
    start = 0
    while start < len(data):
        _, record_type, subtype, length = unpack_from(">IHHI", data, start)
        record = data[start + 12 : start + 12 + length]
        start += 12 + length
        if record_type != BGP4MP or subtype not in (MESSAGE, MESSAGE_AS4):
            continue
        after_afi = 12 if subtype == MESSAGE_AS4 else 8
        reader = MessageReader()
        reader.feed(record[after_afi + ADDRESSES[record[after_afi - 1]] :])
        message = reader.next_message()
        assert message is not None
        if message[0] is MessageType.UPDATE:
            yield message[1], subtype == MESSAGE_AS4


@pytest.mark.rfc("4271", "4.3")
def test_read_and_written_as_they_came() -> None:
    table = AttributeTable()
    count = 0
    for body, four_octet_as in updates():
        context = DecodeContext(is_internal=False, four_octet_as=four_octet_as, families=FAMILIES)
        update = decode_update(body, context, table)
        assert update.problems == ()
        count += 1
        for family, attributes, nlris in update.announced:
            sender = EncodeContext(four_octet_as=four_octet_as)
            assert attribute_block(attributes, family, sender) in body
            (message,) = encode_updates(family, attributes, nlris, sender)
            assert decode_update(message[19:], context, table).announced == [(family, attributes, nlris)]
    assert count == UPDATE_COUNT
