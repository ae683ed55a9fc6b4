"""calicoctl v1 manifests ⇄ v3 resources: node, bgpPeer, ipPool.

A v1 manifest is stored as the v3 resource that calicoctl's ``convert`` would make of it, and any such
resource can be shown as v1 again. v1 has no names for peers and pools: it knows them by address, scope and node, or by
CIDR (`V1Identity`). What it is NOT for: reading text (``manifest.py``), storing.
"""

from tortie.model.v1.convert import (
    V1_API_VERSION,
    V1_KINDS,
    V1Kind,
    find_v1_kind,
    from_v1,
    lost_in_v1,
    merge_v1,
    to_v1,
)
from tortie.model.v1.identity import V1Identity, identity_of
from tortie.model.v1.names import node_name, peer_name, pool_name

__all__ = [
    "V1_API_VERSION",
    "V1_KINDS",
    "V1Identity",
    "V1Kind",
    "find_v1_kind",
    "from_v1",
    "identity_of",
    "lost_in_v1",
    "merge_v1",
    "node_name",
    "peer_name",
    "pool_name",
    "to_v1",
]
