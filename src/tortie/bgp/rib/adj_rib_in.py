"""Adj-RIB-In: what one peer announced in one family, unfiltered.

For: knowing the peer's former path for a prefix, and all its paths when the session ends or a rule changes; which
of them are stale while the peer restarts.
Not for: choosing (decision) or remembering losers over several peers (loc_rib).
RFC sections: 4271 §3.2, §9.1; 7606 §2 (treat-as-withdraw ends here as a withdrawal); 4724 §4.2 (stale).
Structures to know: `AdjRIBIn.paths: dict[nlri, Path]`. Price: one dictionary slot (about 42 octets) a route;
the key is shared with Loc-RIB, the Path with the other prefixes of its UPDATE. While a peer restarts, a slot of a set
(about 32 octets) a route besides.
"""

from collections.abc import Iterable, Iterator

from tortie.bgp.rib.path import Path


class AdjRIBIn:
    """The paths of one source in one family: nlri → Path.

    Attributes:
        paths: nlri → path.
        stale: nlris that the peer has not announced again since its session ended; mostly empty.
    """

    __slots__ = ("paths", "stale")

    def __init__(self) -> None:
        """Start empty."""
        self.paths: dict[bytes, Path] = {}
        self.stale: set[bytes] = set()

    def __len__(self) -> int:
        """Return the number of paths, rejected ones included."""
        return len(self.paths)

    def replace(self, nlris: Iterable[bytes], path: Path) -> Iterator[tuple[bytes, Path | None]]:
        """Store `path` for every nlri; yield (nlri, former path) where that changes something.

        A path with the same attribute set and verdict as the stored one changes nothing (RFC 4271 §9.2 asks
        for no advertisement then), so it is neither stored nor yielded. A prefix named twice yields once.
        """
        paths = self.paths
        attributes, rejection = path.attributes, path.rejection
        for nlri in nlris:
            former = paths.get(nlri)
            if former is not None and former.attributes is attributes and former.rejection is rejection:
                continue
            paths[nlri] = path
            yield nlri, former

    def remove(self, nlris: Iterable[bytes]) -> Iterator[tuple[bytes, Path]]:
        """Forget the nlris; yield (nlri, former path) of those that were there."""
        paths = self.paths
        for nlri in nlris:
            former = paths.pop(nlri, None)
            if former is not None:
                yield nlri, former

    def remove_stale(self) -> Iterator[tuple[bytes, Path]]:
        """Forget what is stale, in the order of `paths`; yield (nlri, former path) of each."""
        stale, self.stale = self.stale, set()
        return self.remove([nlri for nlri in self.paths if nlri in stale] if stale else ())

    def clear(self) -> Iterator[tuple[bytes, Path]]:
        """Forget everything; yield (nlri, former path) of each."""
        former_paths, self.paths = self.paths, {}
        self.stale.clear()
        yield from former_paths.items()
