"""Desired routes against actual routes: what must be done to the kernel. Pure.

For: the one decision that nobody else makes, which routes are created, replaced, deleted, or left alone. Not for:
where desired routes come from (`kernel_sync`) or how operations are written (`netlink`).

The rules:

1. A route that stands as desired is no operation.
2. One of ours that stands otherwise is replaced in one step, never deleted and added.
3. Only routes of our protocol are deleted.
4. Somebody else's route at a desired key is not overwritten: it is a conflict, to be reported.

Structure to know: `Operations`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from tortie.node.route import ROUTE_PROTOCOL, Route, RouteKey
from tortie.node.route_change import RouteOperation, RouteRequest

__all__ = ["Operations", "reconcile"]


@dataclass(slots=True)
class Operations:
    """What brings the kernel from actual to desired; the four share no key.

    Attributes:
        create: where nothing stands. Asked so that the kernel refuses (EEXIST) if something came meanwhile.
        replace: ours, leading elsewhere.
        delete: ours, not desired; the value is what stands there.
        conflicts: desired, but somebody else's route (the value) stands there.
    """

    create: dict[RouteKey, Route] = field(default_factory=dict)
    replace: dict[RouteKey, Route] = field(default_factory=dict)
    delete: dict[RouteKey, Route] = field(default_factory=dict)
    conflicts: dict[RouteKey, Route] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is to be written (there may be conflicts)."""
        return not (self.create or self.replace or self.delete)

    def requests(self) -> list[RouteRequest]:
        """Return the operations for `RouteSocket.apply`: new ways are made before old ones go."""
        return [
            RouteRequest(operation, key, route)
            for operation, routes in zip(_ORDER, (self.create, self.replace, self.delete), strict=True)
            for key, route in routes.items()
        ]


_ORDER: Final = (RouteOperation.CREATE, RouteOperation.REPLACE, RouteOperation.DELETE)


def reconcile(
    desired: Mapping[RouteKey, Route], actual: Mapping[RouteKey, Route], protocol: int = ROUTE_PROTOCOL
) -> Operations:
    """Return what brings `actual` to `desired`.

    Args:
        desired: every route of ours that shall stand; each of `protocol`, next hops sorted (`unicast_route`).
        actual: what stands, ours and others'. Both may be the same part of the whole: keys in neither are left alone.
        protocol: routes with this number are ours.
    Cost: O(desired + actual), about 0.3 µs a route that stands as desired.
    """
    operations = Operations()
    for key, wanted in desired.items():
        found = actual.get(key)
        if found is None:
            operations.create[key] = wanted
        elif found.protocol != protocol:
            operations.conflicts[key] = found
        elif found is not wanted and found != wanted:
            operations.replace[key] = wanted
    for key, found in actual.items():
        if found.protocol == protocol and key not in desired:
            operations.delete[key] = found
    return operations
