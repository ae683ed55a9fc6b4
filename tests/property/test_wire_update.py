"""UPDATE: read back as written, in both widths of AS numbers; any bytes give an Update or the peer's error."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from support.wire import (
    AS_PATH,
    BASE,
    EBGP,
    FAMILIES,
    IBGP,
    OLD_EBGP,
    OLD_IBGP,
    ORIGIN,
    PREFIX,
    attribute,
    mp_reach,
    mp_unreach,
    update_body,
)
from tortie.bgp.errors import Disposition, RemoteProtocolError
from tortie.bgp.wire import (
    IPV4_UNICAST,
    IPV6_UNICAST,
    AttributeFields,
    AttributeTable,
    DecodeContext,
    EncodeContext,
    Family,
    Segment,
    UnknownAttribute,
    Update,
    communities_from_texts,
    decode_update,
    encode_updates,
    encode_withdrawals,
    extended_community_to_text,
)
from tortie.bgp.wire.segment import AS_CONFED_SEQUENCE, AS_CONFED_SET, AS_SEQUENCE, AS_SET, merged

U32 = st.integers(0, 0xFFFFFFFF)
ASNS = st.one_of(st.integers(1, 0xFFFF), st.integers(1, 0xFFFFFFFF))
CONTEXTS = st.sampled_from([EBGP, IBGP, OLD_EBGP, OLD_IBGP])
CARRIED_CODES = st.integers(36, 255)


def segments(kinds: tuple[int, ...]) -> st.SearchStrategy[list[Segment]]:
    asns = st.lists(ASNS, min_size=1, max_size=6).map(tuple)
    return st.lists(st.builds(Segment, st.sampled_from(kinds), asns), max_size=4)


def carried(entries: dict[int, bytes]) -> tuple[UnknownAttribute, ...]:
    return tuple(UnknownAttribute(0xE0, code, value) for code, value in sorted(entries.items()))


ATTRIBUTES: st.SearchStrategy[AttributeFields] = st.fixed_dictionaries(
    {
        "origin": st.integers(0, 2),
        "as_path": segments((AS_SEQUENCE, AS_SET)).map(merged),
        "med": st.none() | U32,
        "local_pref": st.none() | U32,
        "atomic_aggregate": st.booleans(),
        "aggregator": st.none() | st.tuples(ASNS, U32),
        "communities": st.lists(U32, max_size=80).map(tuple),
        "originator_id": st.none() | U32,
        "cluster_list": st.lists(U32, max_size=4).map(tuple),
        "extended_communities": st.lists(st.integers(0, (1 << 64) - 1), max_size=40).map(tuple),
        "large_communities": st.lists(st.tuples(U32, U32, U32), max_size=30, unique=True).map(tuple),
        "unknown": st.dictionaries(CARRIED_CODES, st.binary(max_size=300), max_size=2).map(carried),
    }
)  # type: ignore[assignment]  # a dictionary of these very fields
NEXT_HOPS = {
    IPV4_UNICAST: st.integers(0x01000000, 0xDFFFFFFF).map(lambda value: value.to_bytes(4)),
    IPV6_UNICAST: st.one_of(
        st.integers(1, (0xFF << 120) - 1).map(lambda value: value.to_bytes(16)),
        st.integers(1 << 128, (0xFF << 248) - 1).map(lambda value: value.to_bytes(32)),
    ),
}


@st.composite
def keys(draw: st.DrawFn, family: Family) -> bytes:
    bits = family.prefix_bits_max
    length = draw(st.integers(0, bits))
    value = draw(st.integers(0, (1 << length) - 1)) << (bits - length)
    return bytes((length,)) + value.to_bytes(bits // 8)[: (length + 7) // 8]


@settings(deadline=None)
@given(
    st.data(), st.sampled_from([IPV4_UNICAST, IPV6_UNICAST]), ATTRIBUTES, st.booleans(), st.sampled_from([4096, 65535])
)
def test_read_back(
    data: st.DataObject, family: Family, fields: AttributeFields, four_octet_as: bool, size: int
) -> None:
    table = AttributeTable()
    attributes = table.replace(table.intern(**fields), next_hop=data.draw(NEXT_HOPS[family]))
    nlris = data.draw(st.lists(keys(family), max_size=30))
    receiver = DecodeContext(is_internal=True, four_octet_as=four_octet_as, families=FAMILIES)
    sender = EncodeContext(four_octet_as=four_octet_as, message_size_bytes_max=size)
    found = []
    for message in encode_updates(family, attributes, nlris, sender):
        assert len(message) <= size
        update = decode_update(message[19:], receiver, table)
        ((found_family, found_attributes, found_nlris),) = update.announced
        assert (found_family, update.problems, update.withdrawn) == (family, (), [])
        assert found_attributes is attributes
        found += found_nlris
    assert found == nlris


@settings(deadline=None)
@given(st.data(), st.sampled_from([IPV4_UNICAST, IPV6_UNICAST]), st.integers(60, 200))
def test_withdrawals_are_read_back(data: st.DataObject, family: Family, size: int) -> None:
    nlris = data.draw(st.lists(keys(family), max_size=40))
    found = []
    for message in encode_withdrawals(family, nlris, EncodeContext(four_octet_as=True, message_size_bytes_max=size)):
        assert len(message) <= size
        ((found_family, found_nlris),) = decode_update(message[19:], IBGP, AttributeTable()).withdrawn
        assert found_family == family
        found += found_nlris
    assert found == nlris


@settings(deadline=None)
@given(segments((AS_SEQUENCE, AS_SET, AS_CONFED_SEQUENCE, AS_CONFED_SET)).map(merged))
def test_any_path_is_read_back_inside_the_as(path: tuple[Segment, ...]) -> None:
    table = AttributeTable()
    attributes = table.intern(as_path=path, next_hop=bytes((10, 0, 0, 1)))
    (message,) = encode_updates(IPV4_UNICAST, attributes, [PREFIX], EncodeContext(four_octet_as=True))
    ((_, found, _),) = decode_update(message[19:], IBGP, table).announced
    assert found is attributes


RAW_ATTRIBUTES = st.one_of(
    st.builds(
        attribute,
        st.sampled_from([0x40, 0x50, 0x80, 0x90, 0xC0, 0xD0, 0xE0, 0x00]),
        st.integers(0, 40),
        st.binary(max_size=12),
    ),
    st.sampled_from([ORIGIN, AS_PATH, BASE, mp_reach(), mp_unreach(), mp_reach(b""), mp_unreach(b"")]),
    st.binary(max_size=6),
)
BODIES = st.one_of(
    st.binary(max_size=60),
    st.builds(
        update_body,
        st.lists(RAW_ATTRIBUTES, max_size=6).map(b"".join),
        st.sampled_from([b"", PREFIX, b"\0"]) | st.binary(max_size=8),
        st.sampled_from([b"", PREFIX]) | st.binary(max_size=8),
    ),
)


def outcome(body: bytes, context: DecodeContext, table: AttributeTable) -> tuple[object, ...]:
    try:
        update = decode_update(body, context, table)
    except RemoteProtocolError as error:
        return error.code, error.subcode, error.data, str(error)
    judge(update)
    announced = [(family, attributes.fields(), nlris) for family, attributes, nlris in update.announced]
    return announced, update.withdrawn, update.announced_unusable, update.problems, update.end_of_rib


def judge(update: Update) -> None:
    """Check what holds for every decoded UPDATE."""
    worst = max((problem.disposition for problem in update.problems), default=Disposition.ATTRIBUTE_DISCARD)
    if worst > Disposition.ATTRIBUTE_DISCARD:
        assert update.announced == []
    else:
        assert update.announced_unusable == []
    if update.end_of_rib is not None:
        assert (update.announced, update.withdrawn, update.announced_unusable) == ([], [], [])
    assert len(set(update.problems)) == len(update.problems)


@settings(deadline=None, max_examples=400)
@given(BODIES, CONTEXTS)
@example(update_body(mp_reach(PREFIX, bytes((10, 0, 0, 1)), b"\0\1\1") + BASE, PREFIX), EBGP)
def test_any_bytes_and_the_second_time_like_the_first(body: bytes, context: DecodeContext) -> None:
    table = AttributeTable()
    first = outcome(body, context, table)
    assert outcome(body, context, table) == first


@settings(deadline=None, max_examples=200)
@given(st.lists(BODIES, max_size=5), BODIES, CONTEXTS)
def test_what_was_seen_before_changes_nothing(before: list[bytes], body: bytes, context: DecodeContext) -> None:
    table = AttributeTable()
    for each in before:
        outcome(each, context, table)
    assert outcome(body, context, table) == outcome(body, context, AttributeTable())


@settings(deadline=None, max_examples=200)
@given(st.data(), ATTRIBUTES, CONTEXTS)
def test_one_octet_changed(data: st.DataObject, fields: AttributeFields, context: DecodeContext) -> None:
    table = AttributeTable()
    attributes = table.replace(table.intern(**fields), next_hop=bytes((10, 0, 0, 1)))
    sender = EncodeContext(four_octet_as=context.four_octet_as)
    body = bytearray(encode_updates(IPV4_UNICAST, attributes, [PREFIX], sender)[0][19:])
    body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    outcome(bytes(body), context, table)


@given(st.integers(0, (1 << 64) - 1) | st.integers(0, (1 << 48) - 1).map(lambda rest: 0x0002 << 48 | rest))
def test_every_extended_community_is_read_back_from_its_text(value: int) -> None:
    assert communities_from_texts([extended_community_to_text(value)]).extended == (value,)
