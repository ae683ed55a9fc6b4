"""AS paths as values: segments.

For: segments of an AS_PATH, their length, text, and prepending. Not for: their bytes
(`attribute/as_path`), nor loop detection policy (`rib`). RFC 4271 §4.3, §5.1.2, §9.1.2.2; RFC 5065 §5.

Structure to know: `Segment`; a path is `tuple[Segment, ...]`, first segment nearest.
"""

from typing import Final, NamedTuple

AS_SET: Final = 1
AS_SEQUENCE: Final = 2
AS_CONFED_SEQUENCE: Final = 3
AS_CONFED_SET: Final = 4
CONFEDERATION_KINDS: Final = frozenset({AS_CONFED_SEQUENCE, AS_CONFED_SET})
AS_TRANS: Final = 23456
TWO_OCTET_AS_MAX: Final = 0xFFFF
FOUR_OCTET_AS_MAX: Final = 0xFFFFFFFF

_BRACKETS: Final = {AS_SET: "{}", AS_CONFED_SEQUENCE: "()", AS_CONFED_SET: "[]"}


class Segment(NamedTuple):
    """One segment of an AS path.

    Attributes:
        kind: AS_SET 1, AS_SEQUENCE 2, AS_CONFED_SEQUENCE 3, AS_CONFED_SET 4.
        asns: AS numbers, 32-bit unsigned, at least one; any count (the codec splits at 255).
    """

    kind: int
    asns: tuple[int, ...]


def path_length(as_path: tuple[Segment, ...]) -> int:
    """Count the AS numbers as the decision does: a set is 1, confederation segments are 0.

    RFC 4271 §9.1.2.2 a, RFC 5065 §5.3.
    """
    length = 0
    for kind, asns in as_path:
        if kind == AS_SEQUENCE:
            length += len(asns)
        elif kind == AS_SET:
            length += 1
    return length


def first_as(as_path: tuple[Segment, ...]) -> int | None:
    """Return the AS the route was received from: the first of the first AS_SEQUENCE, else None.

    Leading confederation segments are passed over (RFC 5065 §5.3). None when the path is empty
    or begins with an AS_SET: RFC 4271 §9.1.2.2 c then means the local AS.
    """
    for kind, asns in as_path:
        if kind == AS_SEQUENCE:
            return asns[0]
        if kind == AS_SET:
            return None
    return None


def prepended(as_path: tuple[Segment, ...], asn: int, count: int = 1) -> tuple[Segment, ...]:
    """Return the path with `asn` put before it `count` times (RFC 4271 §5.1.2)."""
    if as_path and as_path[0].kind == AS_SEQUENCE:
        return (Segment(AS_SEQUENCE, (asn,) * count + as_path[0].asns), *as_path[1:])
    return (Segment(AS_SEQUENCE, (asn,) * count), *as_path)


def without_confederation(as_path: tuple[Segment, ...]) -> tuple[Segment, ...]:
    """Return the path without its confederation segments (RFC 5065 §4 b, RFC 6793 §4.2.2)."""
    return tuple(segment for segment in as_path if segment.kind not in CONFEDERATION_KINDS)


def merged(segments: list[Segment]) -> tuple[Segment, ...]:
    """Return the path with neighbouring sequences of one kind joined: one meaning, one value.

    A path of more than 255 ASes comes as several sequences; as a value it is one.
    """
    path: list[Segment] = []
    for segment in segments:
        last = path[-1] if path else None
        if last is not None and last.kind == segment.kind and segment.kind in (AS_SEQUENCE, AS_CONFED_SEQUENCE):
            path[-1] = Segment(segment.kind, last.asns + segment.asns)
        else:
            path.append(segment)
    return tuple(path)


def path_to_text(as_path: tuple[Segment, ...]) -> str:
    """Return the path as people write it: `64512 65001 {1,2}`; confederations `(1 2)` and `[1,2]`."""
    return " ".join(map(_segment_to_text, as_path))


def _segment_to_text(segment: Segment) -> str:
    brackets = _BRACKETS.get(segment.kind, "")
    is_sequence = segment.kind in (AS_SEQUENCE, AS_CONFED_SEQUENCE)
    text = (" " if is_sequence else ",").join(map(str, segment.asns))
    return f"{brackets[:1]}{text}{brackets[1:]}"
