"""Which next hops a speaker with a data path asks about, and what it was told.

For: `resolve_next_hops`: the answers of the kernel side by next hop, and the list of what is asked. Not for: what an
unreachable next hop means (decision), or how one is resolved (node).
RFC sections: 4271 §9.1.2.1 (resolvability).
Structures to know: `NextHops`. Price: about 150 octets a next hop.

A next hop is forgotten at a flush only, never between: one that is lost and wanted again in the same pass of the loop
keeps its answer, since nobody would be asked anew.
"""

from collections.abc import Callable
from typing import Final

__all__ = ["GLOBAL_ADDRESS_OCTETS", "NextHops"]

GLOBAL_ADDRESS_OCTETS: Final = 16
"""An IPv6 next hop may carry a link-local address behind the global one (RFC 2545 §3)."""

UNUSED_MAX_FACTOR: Final = 2
UNUSED_MAX_LEAST: Final = 64
"""Next hops are looked through when there are twice as many, and 64 more, as were in use at the last look."""


class NextHops:
    """Next hop (packed, 4 or 16 octets) → interior cost, None while unreachable or not answered yet."""

    __slots__ = ("_in_use_count", "_is_changed", "_may_be_unused", "_metrics")

    def __init__(self) -> None:
        """Ask about none."""
        self._metrics: dict[bytes, int | None] = {}
        self._is_changed = False
        self._may_be_unused = False
        self._in_use_count = 0

    def __len__(self) -> int:
        """How many are asked about."""
        return len(self._metrics)

    @property
    def has_news(self) -> bool:
        """Say whether `take_wanted` may return a list."""
        return self._is_changed or self._may_be_unused

    def metric(self, next_hop: bytes) -> int | None:
        """Return the interior cost, None while unreachable or unknown."""
        return self._metrics.get(next_hop[:GLOBAL_ADDRESS_OCTETS])

    def want(self, next_hop: bytes) -> None:
        """A path uses this next hop."""
        key = next_hop[:GLOBAL_ADDRESS_OCTETS]
        if key in self._metrics:
            return
        self._metrics[key] = None
        self._is_changed = True
        if len(self._metrics) > UNUSED_MAX_FACTOR * self._in_use_count + UNUSED_MAX_LEAST:
            self._may_be_unused = True

    def note_paths_went(self) -> None:
        """All paths of a session went: some next hops may be unused."""
        self._may_be_unused = True

    def answer(self, next_hop: bytes, metric: int | None) -> bool:
        """Take an answer; say whether it is news about a next hop that is asked about."""
        if next_hop not in self._metrics or self._metrics[next_hop] == metric:
            return False
        self._metrics[next_hop] = metric
        return True

    def take_wanted(self, in_use: Callable[[], set[bytes]]) -> tuple[bytes, ...] | None:
        """Return all that is asked about if that has changed since the last call, else None.

        Args:
            in_use: the next hops of all paths; called only when some may be unused. Cost: O(paths) then.
        """
        if self._may_be_unused:
            self._may_be_unused = False
            used = {next_hop[:GLOBAL_ADDRESS_OCTETS] for next_hop in in_use()}
            unused = [next_hop for next_hop in self._metrics if next_hop not in used]
            for next_hop in unused:
                del self._metrics[next_hop]
            self._in_use_count = len(self._metrics)
            self._is_changed = self._is_changed or bool(unused)
        if not self._is_changed:
            return None
        self._is_changed = False
        return tuple(self._metrics)
