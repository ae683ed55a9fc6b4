"""UPDATE bytes to routes: fields, families, End-of-RIB, and what cannot be told."""

import pytest

from support.wire import (
    AS_PATH,
    BASE,
    EBGP,
    FAMILIES,
    IBGP,
    NEXT_HOP6,
    ORIGIN,
    PREFIX,
    PREFIX6,
    attribute,
    mp_reach,
    mp_unreach,
    update_body,
)
from tortie.bgp.errors import Disposition, RemoteProtocolError
from tortie.bgp.wire import (
    IPV4_UNICAST,
    IPV6_UNICAST,
    AttributeSet,
    AttributeTable,
    DecodeContext,
    Family,
    Update,
    decode_update,
)

MP_BASE = ORIGIN + AS_PATH
IPV4_ONLY = DecodeContext(is_internal=False, four_octet_as=True, families=frozenset({IPV4_UNICAST}))
IPV6_ONLY = DecodeContext(is_internal=False, four_octet_as=True, families=frozenset({IPV6_UNICAST}))
LINK_LOCAL = bytes.fromhex("fe800000000000000000000000000001")


def decode(body: bytes, context: DecodeContext = EBGP) -> Update:
    return decode_update(body, context, AttributeTable())


def summary(update: Update) -> tuple[object, ...]:
    """Announced, withdrawn, unusable, End-of-RIB, problems; attributes by their next hop."""
    return (
        [(family.name, attributes.next_hop.hex(), keys) for family, attributes, keys in update.announced],
        [(family.name, keys) for family, keys in update.withdrawn],
        [(family.name, keys) for family, keys in update.announced_unusable],
        update.end_of_rib,
        [(problem.subcode, problem.disposition.name) for problem in update.problems],
    )


V4 = ("ipv4", "0a000001", [PREFIX])
V6 = ("ipv6", NEXT_HOP6.hex(), [PREFIX6])
ROWS: list[tuple[str, bytes, tuple[object, ...]]] = [
    ("announced", update_body(BASE, PREFIX), ([V4], [], [], None, [])),
    ("withdrawn", update_body(withdrawn=PREFIX), ([], [("ipv4", [PREFIX])], [], None, [])),
    ("both", update_body(BASE, PREFIX, PREFIX), ([V4], [("ipv4", [PREFIX])], [], None, [])),
    ("MP_REACH first", update_body(mp_reach() + MP_BASE), ([V6], [], [], None, [])),
    ("MP_REACH last", update_body(MP_BASE + mp_reach()), ([V6], [], [], None, [])),
    ("MP_REACH, extended length", update_body(mp_reach(flags=0x90) + MP_BASE), ([V6], [], [], None, [])),
    (
        "MP_REACH with link-local",
        update_body(mp_reach(next_hop=NEXT_HOP6 + LINK_LOCAL) + MP_BASE),
        ([("ipv6", NEXT_HOP6.hex() + LINK_LOCAL.hex(), [PREFIX6])], [], [], None, []),
    ),
    (
        "MP_REACH makes NEXT_HOP count for nothing",
        update_body(MP_BASE + attribute(0x40, 3, bytes(3)) + mp_reach()),
        ([V6], [], [], None, []),
    ),
    (
        "MP_REACH for IPv4",
        update_body(mp_reach(PREFIX, bytes((10, 0, 0, 1)), b"\0\1\1") + MP_BASE),
        ([V4], [], [], None, []),
    ),
    (
        "MP_REACH for IPv4 with IPv6 next hop (RFC 8950)",
        update_body(mp_reach(PREFIX, NEXT_HOP6, b"\0\1\1") + MP_BASE),
        ([("ipv4", NEXT_HOP6.hex(), [PREFIX])], [], [], None, []),
    ),
    ("MP_UNREACH", update_body(mp_unreach()), ([], [("ipv6", [PREFIX6])], [], None, [])),
    (
        "everything at once",
        update_body(mp_reach() + BASE + mp_unreach(b"\x00"), PREFIX, b"\x00"),
        ([V6, V4], [("ipv4", [b"\0"]), ("ipv6", [b"\0"])], [], None, []),
    ),
    ("End-of-RIB, IPv4", update_body(), ([], [], [], IPV4_UNICAST, [])),
    ("End-of-RIB, IPv6", update_body(mp_unreach(b"")), ([], [], [], IPV6_UNICAST, [])),
    ("End-of-RIB, IPv4 in MP_UNREACH", update_body(mp_unreach(b"", b"\0\1\1")), ([], [], [], IPV4_UNICAST, [])),
    (
        "empty MP_UNREACH in an UPDATE that says more",
        update_body(BASE + mp_unreach(b""), PREFIX),
        ([V4], [], [], None, []),
    ),
    ("attributes without routes", update_body(MP_BASE), ([], [], [], None, [])),
    ("MP_REACH without prefixes", update_body(mp_reach(b"") + MP_BASE), ([], [], [], None, [])),
    # RFC 7606: problems, and where the routes are then
    (
        "treat-as-withdraw",
        update_body(AS_PATH + BASE[-7:], PREFIX, b"\0"),
        ([], [("ipv4", [b"\0"])], [("ipv4", [PREFIX])], None, [(3, "TREAT_AS_WITHDRAW")]),
    ),
    (
        "treat-as-withdraw takes all routes of the UPDATE",
        update_body(mp_reach() + MP_BASE, PREFIX),
        ([], [], [("ipv4", [PREFIX]), ("ipv6", [PREFIX6])], None, [(3, "TREAT_AS_WITHDRAW")]),
    ),
    (
        "one problem is one problem in both next hops",
        update_body(mp_reach() + BASE + attribute(0xC0, 8), PREFIX),
        ([], [], [("ipv6", [PREFIX6]), ("ipv4", [PREFIX])], None, [(9, "TREAT_AS_WITHDRAW")]),
    ),
    (
        "attribute discard",
        update_body(BASE + attribute(0x40, 6, b"x"), PREFIX),
        ([V4], [], [], None, [(5, "ATTRIBUTE_DISCARD")]),
    ),
    (
        "session reset",
        update_body(BASE + attribute(0x40, 99), PREFIX),
        ([], [], [("ipv4", [PREFIX])], None, [(2, "SESSION_RESET")]),
    ),
    (
        "MP_REACH flags",
        update_body(mp_reach(flags=0xC0) + MP_BASE),
        ([], [], [("ipv6", [PREFIX6])], None, [(4, "TREAT_AS_WITHDRAW")]),
    ),
    (
        "MP_REACH next hop ::",
        update_body(mp_reach(next_hop=bytes(16)) + MP_BASE),
        ([], [], [("ipv6", [PREFIX6])], None, [(8, "TREAT_AS_WITHDRAW")]),
    ),
    (
        "MP_REACH next hop multicast",
        update_body(mp_reach(next_hop=b"\xff\x02" + bytes(14)) + MP_BASE),
        ([], [], [("ipv6", [PREFIX6])], None, [(8, "TREAT_AS_WITHDRAW")]),
    ),
    (
        "MP_UNREACH flags",
        update_body(mp_unreach(flags=0x40)),
        ([], [("ipv6", [PREFIX6])], [], None, [(4, "TREAT_AS_WITHDRAW")]),
    ),
    (
        "an attribute that does not fit, before NLRI",
        update_body(BASE + bytes((0x80, 4, 200)), PREFIX),
        ([], [], [("ipv4", [PREFIX])], None, [(1, "TREAT_AS_WITHDRAW")]),
    ),
    # RFC 7606 §5.2: a problem in an UPDATE that announces nothing
    (
        "nothing announced, treat-as-withdraw",
        update_body(attribute(0x40, 1, b"\3"), withdrawn=PREFIX),
        ([], [("ipv4", [PREFIX])], [], None, [(6, "SESSION_RESET")]),
    ),
    (
        "nothing announced, beside MP_UNREACH",
        update_body(mp_unreach() + bytes((0x80, 4, 200))),
        ([], [("ipv6", [PREFIX6])], [], None, [(1, "SESSION_RESET")]),
    ),
    (
        "nothing announced, attribute discard",
        update_body(attribute(0x40, 6, b"x"), withdrawn=PREFIX),
        ([], [("ipv4", [PREFIX])], [], None, [(5, "ATTRIBUTE_DISCARD")]),
    ),
    (
        "nothing announced, MP_REACH without prefixes",
        update_body(mp_reach(b"") + attribute(0x40, 1, b"\3")),
        ([], [], [], None, [(6, "SESSION_RESET")]),
    ),
    # Families that were not negotiated
    (
        "another family",
        update_body(mp_reach(b"junk", b"x", b"\0\x19\x46") + MP_BASE),
        ([], [], [], None, [(9, "ATTRIBUTE_DISCARD")]),
    ),
    (
        "another family withdrawn",
        update_body(mp_unreach(b"junk", b"\0\x19\x46")),
        ([], [], [], None, [(9, "ATTRIBUTE_DISCARD")]),
    ),
]


@pytest.mark.rfc("4271", "4.3")
@pytest.mark.rfc("4760", "3")
@pytest.mark.rfc("4760", "4")
@pytest.mark.rfc("4724", "2")
@pytest.mark.rfc("7606", "3")
@pytest.mark.rfc("7606", "5.2")
@pytest.mark.rfc("7606", "7.11")
@pytest.mark.rfc("2545", "3")
@pytest.mark.rfc("8950", "3")
@pytest.mark.parametrize(("body", "expected"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_decoded(body: bytes, expected: tuple[object, ...]) -> None:
    assert summary(decode(body)) == expected


@pytest.mark.parametrize("body", [row[1] for row in ROWS], ids=[row[0] for row in ROWS])
def test_second_time_is_like_the_first(body: bytes) -> None:
    table = AttributeTable()
    first, second = decode_update(body, EBGP, table), decode_update(body, EBGP, table)
    assert summary(first) == summary(second)
    assert [entry[1] for entry in first.announced] == [entry[1] for entry in second.announced]


@pytest.mark.rfc("4760", "8")
def test_families_that_were_not_negotiated() -> None:
    assert summary(decode(update_body(BASE, PREFIX, PREFIX), IPV6_ONLY)) == (
        [],
        [],
        [],
        None,
        [(9, "ATTRIBUTE_DISCARD")],
    )
    table = AttributeTable()
    decode_update(update_body(BASE, PREFIX), EBGP, table)
    assert decode_update(update_body(BASE, PREFIX), IPV6_ONLY, table).announced == []
    body = update_body(mp_reach() + MP_BASE)
    decode_update(body, EBGP, table)
    assert decode_update(body, IPV4_ONLY, table).announced == []
    assert decode(update_body(), IPV6_ONLY).end_of_rib is None
    assert decode(update_body(mp_unreach(b"")), IPV4_ONLY).end_of_rib is None


UNREADABLE = [
    ("empty", b"", 1),
    ("three octets", bytes(3), 1),
    ("withdrawn routes run past", b"\0\5\0\0", 1),
    ("withdrawn routes leave no room", b"\0\1\0\0", 1),
    ("attributes run past", b"\0\0\0\1", 1),
    ("withdrawn prefix of 33", update_body(withdrawn=b"\x21" + bytes(5)), 10),
    ("withdrawn prefix cut short", update_body(withdrawn=b"\x18\0"), 10),
    ("NLRI prefix of 33", update_body(BASE, b"\x21" + bytes(5)), 10),
    ("NLRI cut short", update_body(BASE, PREFIX + b"\x18\0"), 10),
    ("MP_REACH prefix of 129", update_body(mp_reach(b"\x81" + bytes(17)) + MP_BASE), 9),
    ("MP_REACH cut short", update_body(mp_reach(b"\x80") + MP_BASE), 9),
    ("MP_REACH of 2", update_body(attribute(0x80, 14, b"\0\2") + MP_BASE), 9),
    ("MP_REACH of 4", update_body(attribute(0x80, 14, b"\0\2\1\0") + MP_BASE), 9),
    ("MP_REACH next hop of 4 for IPv6", update_body(mp_reach(next_hop=bytes(4)) + MP_BASE), 9),
    ("MP_REACH next hop of 24 for IPv6", update_body(mp_reach(next_hop=bytes(24)) + MP_BASE), 9),
    ("MP_REACH next hop runs past", update_body(attribute(0x80, 14, b"\0\2\1\x10" + bytes(16)) + MP_BASE), 9),
    ("MP_REACH runs past the attributes", update_body(MP_BASE + b"\x80\x0e\x30" + bytes(8)), 9),
    ("MP_UNREACH of 2", update_body(attribute(0x80, 15, b"\0\2")), 9),
    ("MP_UNREACH cut short", update_body(mp_unreach(b"\x80")), 9),
    ("MP_UNREACH runs past the attributes", update_body(b"\x80\x0f\x30" + bytes(8)), 9),
    ("MP_REACH twice", update_body(mp_reach() + MP_BASE + mp_reach()), 1),
    ("MP_UNREACH twice", update_body(mp_unreach() + mp_unreach()), 1),
]


@pytest.mark.rfc("4271", "6.3")
@pytest.mark.rfc("4760", "7")
@pytest.mark.rfc("7606", "3")
@pytest.mark.rfc("7606", "5.3")
@pytest.mark.parametrize("is_seen", [False, True], ids=["new attributes", "attributes seen before"])
@pytest.mark.parametrize(("body", "subcode"), [row[1:] for row in UNREADABLE], ids=[row[0] for row in UNREADABLE])
def test_prefixes_cannot_be_told(body: bytes, subcode: int, is_seen: bool) -> None:
    table = AttributeTable()
    if is_seen:
        decode_update(update_body(BASE, PREFIX), EBGP, table)
        decode_update(update_body(mp_reach() + MP_BASE), EBGP, table)
    with pytest.raises(RemoteProtocolError) as caught:
        decode_update(body, EBGP, table)
    assert (caught.value.code, caught.value.subcode) == (3, subcode)
    assert str(caught.value)


@pytest.mark.rfc("4760", "7")
def test_data_of_an_optional_attribute_error_is_the_attribute() -> None:
    reach = mp_reach(b"\x80")
    with pytest.raises(RemoteProtocolError, match="MP_REACH_NLRI: ipv6 NLRI at octet 0: /128 runs 16") as caught:
        decode(update_body(reach + MP_BASE))
    assert caught.value.data == reach


def only_set(body: bytes, context: DecodeContext, table: AttributeTable) -> AttributeSet:
    ((_, attributes, _),) = decode_update(body, context, table).announced
    return attributes


def test_what_decides_how_a_block_is_read_is_part_of_the_key() -> None:
    table = AttributeTable()
    block = BASE + attribute(0x40, 5, bytes(4))
    assert only_set(update_body(block, PREFIX), EBGP, table).local_pref is None
    assert only_set(update_body(block, PREFIX), IBGP, table).local_pref == 0
    assert only_set(update_body(block, PREFIX), EBGP, table).local_pref is None


def test_next_hop_of_mp_reach_is_part_of_the_key() -> None:
    table = AttributeTable()
    other = bytes(15) + b"\2"
    first = only_set(update_body(mp_reach() + MP_BASE), EBGP, table)
    second = only_set(update_body(mp_reach(next_hop=other) + MP_BASE), EBGP, table)
    assert (first.next_hop, second.next_hop) == (NEXT_HOP6, other)
    assert only_set(update_body(mp_reach() + MP_BASE), EBGP, table) is first
    assert only_set(update_body(MP_BASE + mp_reach()), EBGP, table) is first


def test_a_next_hop_seen_in_one_family_does_not_pass_in_another() -> None:
    table = AttributeTable()
    decode_update(update_body(mp_reach(PREFIX, bytes((10, 0, 0, 1)), b"\0\1\1") + MP_BASE), EBGP, table)
    with pytest.raises(RemoteProtocolError, match="next hop of 4 octets"):
        decode_update(update_body(mp_reach(next_hop=bytes((10, 0, 0, 1))) + MP_BASE), EBGP, table)


@pytest.mark.rfc("7911", "3")
def test_path_identifiers_where_negotiated() -> None:
    context = DecodeContext(is_internal=True, four_octet_as=True, families=FAMILIES, add_path=frozenset({IPV4_UNICAST}))
    key = b"\0\0\0\7" + PREFIX
    update = decode(update_body(mp_reach() + BASE + mp_unreach(b"\0"), key, key), context)
    assert [(family, keys) for family, _, keys in update.announced] == [
        (IPV6_UNICAST, [PREFIX6]),
        (IPV4_UNICAST, [key]),
    ]
    assert update.withdrawn == [(IPV4_UNICAST, [key]), (IPV6_UNICAST, [b"\0"])]


def test_problem_says_what_and_where() -> None:
    (problem,) = decode(update_body(BASE + attribute(0xC0, 8, bytes(6)), PREFIX)).problems
    assert problem.text == "COMMUNITIES: 6 octets, expected 4, 8, 12, ..."
    assert (problem.code, problem.subcode, problem.disposition) == (3, 9, Disposition.TREAT_AS_WITHDRAW)
    (other,) = decode(update_body(mp_reach(b"", b"x", b"\0\x19\x46") + MP_BASE)).problems
    assert other.text == f"routes of family {Family(25, 70).name}, which was not negotiated: left out"
