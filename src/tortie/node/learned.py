"""What the host itself brings to BGP: foreign routes and connected prefixes. Pure.

For: which routes and addresses are offered for origination (BIRD's `learn` and `direct`), and what changed since last
asked. Not for: the filter of pools, which is the agent's (`PrefixFilter`), or reading the kernel (`kernel_sync`).
Reference: the rendered node configuration, `protocol kernel { learn; }` and `protocol direct`.

Structure to know: `LearnedPrefixes`, prefix → how many routes and addresses bring it.
"""

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from typing import Final, NamedTuple

from tortie.bgp.wire.family import Family
from tortie.bgp.wire.nlri import prefix_to_text
from tortie.node.interface import SCOPE_LINK, InterfaceAddress, Link
from tortie.node.resolver import is_link_local
from tortie.node.route import (
    PROTOCOL_KERNEL,
    PROTOCOL_REDIRECT,
    PROTOCOL_UNSPECIFIED,
    ROUTE_PROTOCOL,
    Route,
    RouteKind,
)

__all__ = [
    "INTERFACES_IGNORED_ALWAYS",
    "LearnedPrefixes",
    "Prefix",
    "direct_prefixes",
    "is_ignored_interface",
    "is_learnable",
]

INTERFACES_IGNORED_ALWAYS: Final = ("cali*", "kube-ipvs*")
"""Ends of workloads, and kube-proxy's stock of service addresses: never connected networks."""

PROTOCOLS_NOT_LEARNED: Final = frozenset({PROTOCOL_UNSPECIFIED, PROTOCOL_REDIRECT, PROTOCOL_KERNEL, ROUTE_PROTOCOL})
KINDS_LEARNED: Final = frozenset({RouteKind.UNICAST, RouteKind.BLACKHOLE, RouteKind.UNREACHABLE, RouteKind.PROHIBIT})


class Prefix(NamedTuple):
    """A prefix as BGP knows it.

    Attributes:
        family: IPV4_UNICAST or IPV6_UNICAST.
        nlri: wire form, see `tortie.bgp.wire.nlri`.
    """

    family: Family
    nlri: bytes

    @property
    def text(self) -> str:
        """As text: `10.0.0.0/8`."""
        return prefix_to_text(self.nlri, self.family)


def is_learnable(route: Route) -> bool:
    """Tell whether a kernel route is offered to BGP: not ours, and not the kernel's own (connected, redirect)."""
    return route.protocol not in PROTOCOLS_NOT_LEARNED and route.kind in KINDS_LEARNED


def is_ignored_interface(name: str, ignored: Sequence[str]) -> bool:
    """Tell whether an interface's addresses stay out: `ignored` are names or globs (`docker0`, `veth*`)."""
    return any(fnmatchcase(name, pattern) for pattern in (*INTERFACES_IGNORED_ALWAYS, *ignored))


def direct_prefixes(
    links: Iterable[Link], addresses: Iterable[InterfaceAddress], ignored: Sequence[str]
) -> frozenset[Prefix]:
    """Return the connected prefixes of interfaces that are up and not ignored.

    As BIRD's `direct`: from addresses, so that a /32 counts too; host and link scope (loopback, fe80::) do not.
    """
    usable = {link.index for link in links if link.is_up and not is_ignored_interface(link.name, ignored)}
    return frozenset(
        Prefix(address.family, address.nlri)
        for address in addresses
        if address.interface_index in usable and address.scope < SCOPE_LINK and not is_link_local(address.address)
    )


class LearnedPrefixes:
    """The prefixes offered, counted by what brings them, with the changes since they were last taken."""

    __slots__ = ("_added", "_counts", "_direct", "_removed")

    def __init__(self) -> None:
        """Start with none."""
        self._counts: dict[Prefix, int] = {}
        self._direct: frozenset[Prefix] = frozenset()
        self._added: dict[Prefix, None] = {}
        self._removed: dict[Prefix, None] = {}

    @property
    def prefixes(self) -> frozenset[Prefix]:
        """All that are offered now."""
        return frozenset(self._counts)

    def __len__(self) -> int:
        """How many are offered now."""
        return len(self._counts)

    def add(self, prefix: Prefix) -> None:
        """Count one more route that brings a prefix."""
        count = self._counts.get(prefix, 0)
        self._counts[prefix] = count + 1
        if not count:
            self._note(prefix, self._added, self._removed)

    def discard(self, prefix: Prefix) -> None:
        """Count one fewer; nothing happens if there was none."""
        count = self._counts.get(prefix, 0)
        if count > 1:
            self._counts[prefix] = count - 1
        elif count:
            del self._counts[prefix]
            self._note(prefix, self._removed, self._added)

    def set_direct(self, prefixes: frozenset[Prefix]) -> None:
        """Say what the connected prefixes are now."""
        for prefix in sorted(prefixes - self._direct):
            self.add(prefix)
        for prefix in sorted(self._direct - prefixes):
            self.discard(prefix)
        self._direct = prefixes

    def take_changes(self) -> tuple[tuple[Prefix, ...], tuple[Prefix, ...]]:
        """Return what was added and what was removed since the last call; what came and went is in neither."""
        changes = tuple(self._added), tuple(self._removed)
        self._added.clear()
        self._removed.clear()
        return changes

    @staticmethod
    def _note(prefix: Prefix, gained: dict[Prefix, None], lost: dict[Prefix, None]) -> None:
        if prefix in lost:
            del lost[prefix]
        else:
            gained[prefix] = None
