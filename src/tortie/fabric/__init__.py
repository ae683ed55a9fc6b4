"""Fabric: pure functions of resources, from what is stored to what each node and reflector should do.

`Fabric.from_resources` or `LiveFabric` makes the snapshot, `node_intent` and `reflector_intent` answer for one speaker;
the `NodeIntent` they return is plain data that agent, plan, lint and simulator all read. What it is NOT
for: I/O of any sort, and doing what an intent says.
"""

from tortie.fabric.annotations import annotation_problem
from tortie.fabric.errors import AddressUnusable, DocumentInvalid, FabricError, NodeNotFound
from tortie.fabric.filter_intent import ACCEPT_ALL, FilterIntent, FilterRule, RouteRule
from tortie.fabric.intent import (
    NodeIntent,
    PoolIntent,
    Quarantined,
    SecretReference,
    SessionIntent,
    StaticRoute,
    WorkloadRoute,
)
from tortie.fabric.plan_node import node_intent, router_id_of_name
from tortie.fabric.plan_reflector import ReflectorPlanner, reflector_intent
from tortie.fabric.resources import BadRecord, Fabric, LiveFabric
from tortie.fabric.topology import Container, Host, Interface, Lan, Topology, topology_from_dict

__all__ = [
    "ACCEPT_ALL",
    "AddressUnusable",
    "BadRecord",
    "Container",
    "DocumentInvalid",
    "Fabric",
    "FabricError",
    "FilterIntent",
    "FilterRule",
    "Host",
    "Interface",
    "Lan",
    "LiveFabric",
    "NodeIntent",
    "NodeNotFound",
    "PoolIntent",
    "Quarantined",
    "ReflectorPlanner",
    "RouteRule",
    "SecretReference",
    "SessionIntent",
    "StaticRoute",
    "Topology",
    "WorkloadRoute",
    "annotation_problem",
    "node_intent",
    "reflector_intent",
    "router_id_of_name",
    "topology_from_dict",
]
