"""Patches of any shape: RFC 7396's properties, and nothing given is modified."""

from copy import deepcopy

from hypothesis import given
from hypothesis import strategies as st

from tortie.change.errors import PatchRefused
from tortie.change.patching import merged

KEYS = st.sampled_from(["a", "b", "c", "$patch"])
LEAVES = st.one_of(
    st.integers(0, 3), st.sampled_from(["x", "replace", "delete"]), st.lists(st.integers(0, 2), max_size=2)
)
DATA = st.recursive(LEAVES, lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3), max_leaves=8)
PATCHES = st.recursive(
    st.one_of(LEAVES, st.none()), lambda inner: st.dictionaries(KEYS, inner, max_size=3), max_leaves=8
)


def has_null(data: object) -> bool:
    return data is None or (isinstance(data, dict) and any(map(has_null, data.values())))


@given(DATA, PATCHES)
def test_a_merge_patch_is_idempotent_and_leaves_no_null(data: object, patch: object) -> None:
    before = deepcopy((data, patch))
    once = merged(data, patch, is_strategic=False)
    assert (data, patch) == before
    assert merged(once, patch, is_strategic=False) == once
    assert patch is None or not has_null(once)


@given(st.dictionaries(st.sampled_from("abc"), DATA))
def test_an_empty_patch_changes_nothing(data: dict[str, object]) -> None:
    for is_strategic in (True, False):
        assert merged(data, {}, is_strategic=is_strategic) == data
        assert merged({}, data, is_strategic=is_strategic) == data


@given(DATA, PATCHES)
def test_no_directive_is_ever_stored(data: object, patch: object) -> None:
    try:
        result = merged(data, patch, is_strategic=True)
    except PatchRefused:
        return
    assert "$patch" not in str(result)
