"""AS paths as values: counting, first AS, prepending, text."""

import pytest

from tortie.bgp.wire import Segment, prepended, without_confederation
from tortie.bgp.wire.segment import (
    AS_CONFED_SEQUENCE,
    AS_CONFED_SET,
    AS_SEQUENCE,
    AS_SET,
    first_as,
    merged,
    path_length,
    path_to_text,
)

SEQUENCE = Segment(AS_SEQUENCE, (64512, 65001))
SET = Segment(AS_SET, (1, 2))
CONFED = Segment(AS_CONFED_SEQUENCE, (65100, 65101))
CONFED_SET = Segment(AS_CONFED_SET, (65102, 65103))

ROWS = [
    ("empty", (), 0, None, ""),
    ("sequence", (SEQUENCE,), 2, 64512, "64512 65001"),
    ("set counts one", (SEQUENCE, SET), 3, 64512, "64512 65001 {1,2}"),
    ("set first", (SET, SEQUENCE), 3, None, "{1,2} 64512 65001"),
    (
        "confederation counts nothing",
        (CONFED, CONFED_SET, SEQUENCE),
        2,
        64512,
        "(65100 65101) [65102,65103] 64512 65001",
    ),
    ("confederation only", (CONFED,), 0, None, "(65100 65101)"),
]


@pytest.mark.rfc("4271", "9.1.2.2")
@pytest.mark.rfc("5065", "5.3")
@pytest.mark.parametrize(("path", "length", "first", "text"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_measures(path: tuple[Segment, ...], length: int, first: int | None, text: str) -> None:
    assert path_length(path) == length
    assert first_as(path) == first
    assert path_to_text(path) == text


@pytest.mark.rfc("4271", "5.1.2")
def test_prepend() -> None:
    assert prepended((), 7) == (Segment(AS_SEQUENCE, (7,)),)
    assert prepended((SEQUENCE, SET), 7, 2) == (Segment(AS_SEQUENCE, (7, 7, 64512, 65001)), SET)
    assert prepended((SET,), 7) == (Segment(AS_SEQUENCE, (7,)), SET)


def test_merge_joins_neighbouring_sequences_only() -> None:
    assert merged([SEQUENCE, SEQUENCE]) == (Segment(AS_SEQUENCE, (64512, 65001, 64512, 65001)),)
    assert merged([SET, SET]) == (SET, SET)
    assert merged([CONFED, CONFED, SEQUENCE]) == (Segment(AS_CONFED_SEQUENCE, CONFED.asns * 2), SEQUENCE)


def test_without_confederation() -> None:
    assert without_confederation((CONFED, SEQUENCE, CONFED_SET, SET)) == (SEQUENCE, SET)
