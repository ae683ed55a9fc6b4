"""NLRI: the fast cut is the walk; what is written is read back; any bytes give keys or an NLRIError."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tortie.bgp.errors import NLRIError
from tortie.bgp.wire import IPV4_UNICAST, IPV6_UNICAST, Family, decode_nlri, prefix_from_text, prefix_to_text
from tortie.bgp.wire.nlri import walk_nlri

FAMILIES = st.sampled_from([IPV4_UNICAST, IPV6_UNICAST])


def outcome(data: bytes, family: Family, add_path: bool, *, is_reference: bool) -> list[bytes] | str:
    try:
        return (walk_nlri if is_reference else decode_nlri)(data, family, add_path)
    except NLRIError as error:
        return str(error)


@st.composite
def raw_prefixes(draw: st.DrawFn, family: Family) -> bytes:
    """A prefix as a careless sender writes it: any bits beyond its length."""
    length = draw(st.integers(0, family.prefix_bits_max))
    octets = (length + 7) // 8
    return bytes((length,)) + draw(st.binary(min_size=octets, max_size=octets))


@settings(deadline=None)
@given(FAMILIES, st.binary(max_size=80), st.booleans())
def test_any_bytes(family: Family, data: bytes, add_path: bool) -> None:
    fast = outcome(data, family, add_path, is_reference=False)
    assert fast == outcome(data, family, add_path, is_reference=True)
    if isinstance(fast, list):
        assert len(b"".join(fast)) == len(data)


@settings(deadline=None)
@given(st.data(), FAMILIES)
def test_sound_fields(data: st.DataObject, family: Family) -> None:
    raw = data.draw(st.lists(raw_prefixes(family), max_size=20))
    keys = decode_nlri(b"".join(raw), family)
    assert keys == walk_nlri(b"".join(raw), family)
    assert [key[0] for key in keys] == [each[0] for each in raw]
    assert decode_nlri(b"".join(keys), family) == keys
    assert [prefix_from_text(prefix_to_text(key, family)) for key in keys] == [(family, key) for key in keys]


@settings(deadline=None)
@given(st.data(), FAMILIES)
def test_a_field_cut_short_is_refused_or_a_prefix_fewer(data: st.DataObject, family: Family) -> None:
    raw = data.draw(st.lists(raw_prefixes(family), min_size=1, max_size=5))
    field = b"".join(raw)
    cut = data.draw(st.integers(0, len(field) - 1))
    found = outcome(field[:cut], family, False, is_reference=False)
    boundaries = [len(b"".join(raw[:count])) for count in range(len(raw))]
    assert isinstance(found, list) == (cut in boundaries)
