"""Routes to UPDATE bytes: layout, packing to the message size, and what cannot be written."""

import pytest

from support.wire import FAMILIES, IBGP, NEXT_HOP6, PREFIX, PREFIX6, WIDE
from tortie.bgp.errors import AttributesTooLargeError, NextHopUnusableError
from tortie.bgp.wire import (
    AS_SEQUENCE,
    IPV4_UNICAST,
    IPV6_UNICAST,
    AttributeSet,
    AttributeTable,
    DecodeContext,
    EncodeContext,
    Family,
    Segment,
    UnknownAttribute,
    decode_update,
    encode_end_of_rib,
    encode_updates,
    encode_withdrawals,
    join_path_id,
)

HEADER = "ff" * 16
BLOCK = "40010100 40020602010000fde9"
NEXT_HOP = "4003040a000001"


def attributes(table: AttributeTable, next_hop: bytes = bytes((10, 0, 0, 1)), size: int = 0) -> AttributeSet:
    unknown = (UnknownAttribute(0xE0, 99, bytes(size)),) if size else ()
    return table.intern(as_path=(Segment(AS_SEQUENCE, (65001,)),), next_hop=next_hop, unknown=unknown)


def host(index: int) -> bytes:
    return b"\x20" + index.to_bytes(4)


@pytest.mark.rfc("4271", "4.3")
def test_ipv4_goes_outside_mp_reach() -> None:
    (message,) = encode_updates(IPV4_UNICAST, attributes(AttributeTable()), [PREFIX, b"\0"], WIDE)
    assert message == bytes.fromhex(f"{HEADER} 0030 02 0000 0014 {BLOCK} {NEXT_HOP} 18c00002 00")


@pytest.mark.rfc("4760", "3")
@pytest.mark.rfc("7606", "5.1")
def test_ipv6_goes_into_mp_reach_which_is_first() -> None:
    (message,) = encode_updates(IPV6_UNICAST, attributes(AttributeTable(), NEXT_HOP6), [PREFIX6], WIDE)
    reach = f"900e001a 000201 10 {NEXT_HOP6.hex()} 00 2020010db8"
    assert message == bytes.fromhex(f"{HEADER} 0042 02 0000 002b {reach} {BLOCK}")


@pytest.mark.rfc("8950", "4")
def test_ipv4_with_ipv6_next_hop_where_negotiated() -> None:
    table = AttributeTable()
    context = EncodeContext(four_octet_as=True, extended_next_hop=True)
    (message,) = encode_updates(IPV4_UNICAST, attributes(table, NEXT_HOP6), [PREFIX], context)
    update = decode_update(message[19:], IBGP, table)
    assert update.announced == [(IPV4_UNICAST, attributes(table, NEXT_HOP6), [PREFIX])]
    with pytest.raises(NextHopUnusableError, match="IPv4 routes need 4 octets"):
        encode_updates(IPV4_UNICAST, attributes(table, NEXT_HOP6), [PREFIX], WIDE)


@pytest.mark.parametrize(
    ("family", "next_hop"),
    [(IPV4_UNICAST, b""), (IPV6_UNICAST, b""), (IPV6_UNICAST, bytes((10, 0, 0, 1))), (Family(25, 70), NEXT_HOP6)],
)
def test_next_hop_that_does_not_suit(family: Family, next_hop: bytes) -> None:
    context = EncodeContext(four_octet_as=True, extended_next_hop=True)
    with pytest.raises(NextHopUnusableError):
        encode_updates(family, attributes(AttributeTable(), next_hop), [PREFIX], context)


@pytest.mark.rfc("4271", "4.3")
def test_withdrawals() -> None:
    assert encode_withdrawals(IPV4_UNICAST, [PREFIX, b"\0"], WIDE) == [
        bytes.fromhex(f"{HEADER} 001c 02 0005 18c00002 00 0000")
    ]
    assert encode_withdrawals(IPV6_UNICAST, [PREFIX6], WIDE) == [
        bytes.fromhex(f"{HEADER} 0023 02 0000 000c 900f0008 000201 2020010db8")
    ]


@pytest.mark.rfc("4724", "2")
def test_end_of_rib() -> None:
    assert encode_end_of_rib(IPV4_UNICAST).hex() == HEADER + "00170200000000"
    assert encode_end_of_rib(IPV6_UNICAST).hex() == HEADER + "001e0200000007" + "900f0003000201"
    for family in FAMILIES:
        assert decode_update(encode_end_of_rib(family)[19:], IBGP, AttributeTable()).end_of_rib == family


def test_no_prefix_no_message() -> None:
    table = AttributeTable()
    assert encode_updates(IPV4_UNICAST, attributes(table), [], WIDE) == []
    assert encode_updates(IPV6_UNICAST, attributes(table, NEXT_HOP6), [], WIDE) == []
    assert encode_withdrawals(IPV4_UNICAST, [], WIDE) == []
    assert encode_updates(IPV4_UNICAST, attributes(table, size=5000), [], WIDE) == []


# 4096 octets hold a header of 23, attributes of 20, and 810 prefixes of 5 with 3 octets to spare.
PACKING = [(1, [66 - 18]), (810, [4093]), (811, [4093, 48]), (1620, [4093, 4093]), (1621, [4093, 4093, 48])]


@pytest.mark.rfc("4271", "4")
@pytest.mark.parametrize(("count", "sizes"), PACKING)
def test_packed_to_the_message_size(count: int, sizes: list[int]) -> None:
    table = AttributeTable()
    nlris = [host(index) for index in range(count)]
    messages = encode_updates(IPV4_UNICAST, attributes(table), nlris, WIDE)
    assert [len(message) for message in messages] == sizes
    found = [keys for message in messages for _, _, keys in decode_update(message[19:], IBGP, table).announced]
    assert [key for keys in found for key in keys] == nlris


@pytest.mark.rfc("8654", "4")
@pytest.mark.parametrize("size", [4096, 65535])
@pytest.mark.parametrize("family", [IPV4_UNICAST, IPV6_UNICAST])
@pytest.mark.parametrize("is_withdrawal", [False, True], ids=["announced", "withdrawn"])
def test_messages_are_full_and_not_beyond(size: int, family: Family, is_withdrawal: bool) -> None:
    table = AttributeTable()
    context = EncodeContext(four_octet_as=True, message_size_bytes_max=size)
    nlris = [bytes((length,)) + bytes((length + 7) // 8) for index in range(2000) for length in (9, 17, 25, 32)]
    next_hop = bytes((10, 0, 0, 1)) if family == IPV4_UNICAST else NEXT_HOP6
    messages = (
        encode_withdrawals(family, nlris, context)
        if is_withdrawal
        else encode_updates(family, attributes(table, next_hop), nlris, context)
    )
    assert all(len(message) <= size for message in messages)
    assert all(len(message) > size - 5 for message in messages[:-1])
    updates = [decode_update(message[19:], IBGP, table) for message in messages]
    routes = [entry[-1] for update in updates for entry in (update.withdrawn if is_withdrawal else update.announced)]
    assert [key for keys in routes for key in keys] == nlris


@pytest.mark.parametrize(("size", "fits"), [(4044, True), (4045, False)], ids=["at the limit", "one octet more"])
def test_attributes_that_leave_no_room(size: int, fits: bool) -> None:
    # 4096 - header 23 - attributes 20 - extended header 4 - one host prefix 5 = 4044.
    table = AttributeTable()
    if fits:
        (message,) = encode_updates(IPV4_UNICAST, attributes(table, size=size), [host(1)], WIDE)
        assert len(message) == 4096
    else:
        with pytest.raises(AttributesTooLargeError, match="5 octets of NLRI, and the attributes leave room for 4"):
            encode_updates(IPV4_UNICAST, attributes(table, size=size), [host(1)], WIDE)


def test_attributes_larger_than_a_message() -> None:
    with pytest.raises(AttributesTooLargeError, match="leave room for 0"):
        encode_updates(IPV6_UNICAST, attributes(AttributeTable(), NEXT_HOP6, 5000), [PREFIX6], WIDE)


@pytest.mark.rfc("7911", "3")
def test_path_identifiers_are_written_as_they_are() -> None:
    table = AttributeTable()
    context = EncodeContext(four_octet_as=True, add_path=True)
    nlris = [join_path_id(path_id, PREFIX) for path_id in range(1000)]
    messages = encode_updates(IPV4_UNICAST, attributes(table), nlris, context)
    receiver = DecodeContext(is_internal=True, four_octet_as=True, families=FAMILIES, add_path=FAMILIES)
    found = [keys for message in messages for _, _, keys in decode_update(message[19:], receiver, table).announced]
    assert [key for keys in found for key in keys] == nlris
