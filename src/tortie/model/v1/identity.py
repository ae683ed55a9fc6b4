"""Which stored resource a v1 command means: v1 knows peers by address, scope and node, pools by CIDR.

`V1Identity.from_arguments` reads a command line (``delete bgpPeer 10.0.0.1 --scope=global``), `identity_of` a
resource; `matches` finds the resource whatever its v3 name. What it is NOT for: looking into the datastore.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tortie.model.bgp_peer import BGPPeer
from tortie.model.errors import FieldProblem, ResourceInvalid
from tortie.model.fields import Expected, as_text, parse_address, parse_network
from tortie.model.ip_pool import IPPool
from tortie.model.resource import Resource
from tortie.model.v1.bgp_peer import Scope
from tortie.model.v1.convert import find_v1_kind
from tortie.model.v1.names import node_name

_CANONICAL: Final[dict[str, Callable[[str], str]]] = {
    "Node": node_name,
    "BGPPeer": parse_address,
    "IPPool": parse_network,
}


@dataclass(frozen=True, slots=True)
class V1Identity:
    """What identifies a v1 resource. None means "any", for `get`; see `check_complete`.

    Attributes:
        kind: v3 kind: ``Node``, ``BGPPeer`` or ``IPPool``.
        name: node name, address of the peer, or CIDR; canonical.
        scope: of a peer.
        node: of a peer of scope node.
    """

    kind: str
    name: str | None
    scope: Scope | None = None
    node: str | None = None

    @classmethod
    def from_arguments(
        cls, kind: str, name: str | None, *, scope: str | None = None, node: str | None = None
    ) -> "V1Identity":
        """Return the identity that the arguments of a v1 command give.

        Raises:
            UnknownKind: v1 has no such kind here.
            ResourceInvalid: the name, scope or node is not of the right form.
        """
        info = find_v1_kind(kind)
        try:
            name = None if name is None else _CANONICAL[info.kind](name)
        except Expected as error:
            problem = FieldProblem("name", name, error.expected)
            raise ResourceInvalid(info.message_name, as_text(name), [problem]) from None
        if info.kind != "BGPPeer":
            return cls(info.kind, name)
        if scope is not None and scope not in tuple(Scope):
            problem = FieldProblem("--scope", scope, "global or node")
            raise ResourceInvalid(info.message_name, name or "", [problem])
        return cls(info.kind, name, Scope(scope) if scope else None, node_name(node) if node else None)

    def check_complete(self) -> None:
        """Check that one resource at most is meant, as `delete` needs.

        Raises:
            ResourceInvalid: something is missing, or scope and node do not go together.
        """
        problem = None
        if self.name is None:
            problem = FieldProblem("name", None, "what identifies the resource")
        elif self.kind == "BGPPeer" and self.scope is None:
            problem = FieldProblem("--scope", None, "global or node")
        elif self.scope is Scope.NODE and self.node is None:
            problem = FieldProblem("--node", None, "the name of a node where --scope is node")
        elif self.scope is Scope.GLOBAL and self.node is not None:
            problem = FieldProblem("--node", self.node, "nothing where --scope is global")
        if problem is not None:
            spelled = find_v1_kind(self.kind).message_name
            raise ResourceInvalid(spelled, self.name or "", [problem])

    def matches(self, resource: Resource) -> bool:
        """Return whether a stored resource is one that is meant."""
        if resource.kind != self.kind:
            return False
        other = identity_of(resource)
        pairs = ((self.name, other.name), (self.scope, other.scope), (self.node, other.node))
        return all(wanted in (None, found) for wanted, found in pairs)


def identity_of(resource: Resource) -> V1Identity:
    """Return the identity of a resource; of peers by selector v1 has none, so their name is their selector.

    Raises:
        UnknownKind: v1 has no such kind here.
    """
    if isinstance(resource, BGPPeer):
        spec = resource.spec
        scope = Scope.GLOBAL if resource.is_global else Scope.NODE
        name = spec.peer_ip or spec.peer_selector or spec.local_workload_selector
        return V1Identity(resource.kind, name, scope, spec.node or spec.node_selector)
    if isinstance(resource, IPPool):
        return V1Identity(resource.kind, resource.spec.cidr)
    return V1Identity(find_v1_kind(resource.kind).kind, resource.name)
