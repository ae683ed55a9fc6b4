"""Adj-RIB-In: what one peer announced in one family, unfiltered.

For: knowing the peer's former path for a prefix, and all its paths when the session ends or a rule changes; which
of them are stale while the peer restarts.
Not for: choosing (decision) or remembering losers over several peers (loc_rib).
RFC sections: 4271 §3.2, §9.1; 7606 §2 (treat-as-withdraw ends here as a withdrawal); 4724 §4.2 (stale); 7911 §3.
Structures to know: `AdjRIBIn.paths: dict[key, Path]`, the key being the nlri, with ADD-PATH the path identifier and the
nlri; whatever is yielded is by nlri. Price: one dictionary slot (about 42 octets) a route;
the key is shared with Loc-RIB, the Path with the other prefixes of its UPDATE. While a peer restarts, a slot of a set
(about 32 octets) a route besides.
"""

from collections.abc import Iterable, Iterator
from typing import ClassVar, TypeVar

from tortie.bgp.rib.path import Path
from tortie.bgp.wire import PATH_ID_LENGTH

P = TypeVar("P", bound=Path | None)


class AdjRIBIn:
    """The paths of one source in one family.

    Attributes:
        paths: key → path.
        stale: keys that the peer has not announced again since its session ended; mostly empty.
    """

    __slots__ = ("paths", "stale")

    id_length: ClassVar[int] = 0
    """Octets of path identifier before each key's nlri."""

    def __init__(self) -> None:
        """Start empty."""
        self.paths: dict[bytes, Path] = {}
        self.stale: set[bytes] = set()

    def __len__(self) -> int:
        """Return the number of paths, rejected ones included."""
        return len(self.paths)

    def by_prefix(self) -> Iterable[tuple[bytes, Path]]:
        """Return (nlri, path) of all; with ADD-PATH an nlri may come several times."""
        return self.paths.items()

    def replace(self, keys: Iterable[bytes], path: Path) -> Iterator[tuple[bytes, Path | None]]:
        """Store `path` for every key; yield (nlri, former path) where that changes something.

        A path that is the stored one in all but identity changes nothing (RFC 4271 §9.2 asks for no advertisement
        then), so it is neither stored nor yielded. A prefix named twice yields once.
        """
        paths = self.paths
        attributes, rejection, preference = path.attributes, path.rejection, path.preference
        received, interface = path.received, path.interface
        for key in keys:
            former = paths.get(key)
            if (
                former is not None
                and former.attributes is attributes
                and former.rejection is rejection
                and former.preference == preference
                and former.received is received
                and former.interface == interface
            ):
                continue
            paths[key] = path
            yield key, former

    def remove(self, keys: Iterable[bytes]) -> Iterator[tuple[bytes, Path]]:
        """Forget the keys; yield (nlri, former path) of those that were there."""
        paths = self.paths
        for key in keys:
            former = paths.pop(key, None)
            if former is not None:
                yield key, former

    def remove_stale(self) -> Iterator[tuple[bytes, Path]]:
        """Forget what is stale, in the order of `paths`; yield (nlri, former path) of each."""
        stale, self.stale = self.stale, set()
        return self.remove([key for key in self.paths if key in stale] if stale else ())

    def clear(self) -> Iterable[tuple[bytes, Path]]:
        """Forget everything; return (nlri, former path) of each."""
        former = self.by_prefix()
        self.paths, self.stale = {}, set()
        return former


class AddPathAdjRIBIn(AdjRIBIn):
    """The same for a peer that sends path identifiers (RFC 7911): a prefix may have several paths."""

    __slots__ = ()

    id_length: ClassVar[int] = PATH_ID_LENGTH

    def by_prefix(self) -> Iterable[tuple[bytes, Path]]:
        """Return (nlri, path) of all."""
        return _plain(self.paths.items())

    def replace(self, keys: Iterable[bytes], path: Path) -> Iterator[tuple[bytes, Path | None]]:
        """As AdjRIBIn.replace; the keys share one path identifier, which is the path's."""
        return _plain(super().replace(keys, path))

    def remove(self, keys: Iterable[bytes]) -> Iterator[tuple[bytes, Path]]:
        """As AdjRIBIn.remove."""
        return _plain(super().remove(keys))


def _plain(found: Iterable[tuple[bytes, P]]) -> Iterator[tuple[bytes, P]]:
    """Cut the path identifiers off."""
    return ((key[PATH_ID_LENGTH:], path) for key, path in found)
