"""What every speaker would know in a full mesh: a few lines that know nothing of sessions and reflectors.

For: judging a simulated network (`checks.py`). Not for: anything that runs; it shares no code with the engine, on
purpose. RFC sections: 4271 §9.1.2.2, as far as routes of one AS with equal AS paths and costs can differ.
Structures to know: `Announcement`.
"""

from collections.abc import Mapping
from typing import NamedTuple

__all__ = ["Announced", "Announcement", "known_in_full_mesh"]

LOCAL_PREF_UNSET = 100


class Announcement(NamedTuple):
    """How a speaker announces a prefix: degree of preference and MED, None = not said."""

    local_pref: int | None = None
    med: int | None = None


Announced = Mapping[str, Mapping[str, Announcement]]
"""Speaker's address → prefix → how it announces it."""


def known_in_full_mesh(announced: Announced, speaker: str) -> dict[str, str]:
    """Return prefix → the speaker that is the next hop, for each prefix that others announce and `speaker` does not."""
    best: dict[str, tuple[tuple[int, int, tuple[int, ...]], str]] = {}
    own = announced.get(speaker, {})
    for other, prefixes in announced.items():
        for prefix, announcement in prefixes.items():
            if other == speaker or prefix in own:
                continue
            preference = LOCAL_PREF_UNSET if announcement.local_pref is None else announcement.local_pref
            rank = (-preference, announcement.med or 0, tuple(int(part) for part in other.split(".")))
            if prefix not in best or rank < best[prefix][0]:
                best[prefix] = rank, other
    return {prefix: other for prefix, (_, other) in best.items()}
