"""CalicoNodeStatus: what is asked of a node's agent, and what it last answered.

`spec` is written by people, `status` by the agent. What it is NOT for: gathering the answer (``node``).
"""

from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from tortie.model.base import Model
from tortie.model.fields import AddressText, Expected, Integer, Name, Text, Timestamp, integer_between, word_of
from tortie.model.resource import Resource

UPDATE_PERIOD_S_MAX: Final = 86400


class StatusClass(StrEnum):
    """A kind of information."""

    AGENT = "Agent"
    BGP = "BGP"
    ROUTES = "Routes"


class DaemonState(StrEnum):
    """Whether a BGP speaker answers."""

    READY = "Ready"
    NOT_READY = "NotReady"


class PeerKind(StrEnum):
    """What a session comes from."""

    NODE_MESH = "NodeMesh"
    NODE_PEER = "NodePeer"
    GLOBAL_PEER = "GlobalPeer"


class SessionState(StrEnum):
    """RFC 4271 §8.2.2, and Close."""

    IDLE = "Idle"
    CONNECT = "Connect"
    ACTIVE = "Active"
    OPEN_SENT = "OpenSent"
    OPEN_CONFIRM = "OpenConfirm"
    ESTABLISHED = "Established"
    CLOSE = "Close"


class RouteUse(StrEnum):
    """FIB: used for forwarding. RIB: known only."""

    FIB = "FIB"
    RIB = "RIB"


class RouteSource(StrEnum):
    """Where a route was learned."""

    KERNEL = "Kernel"
    STATIC = "Static"
    DIRECT = "Direct"
    NODE_MESH = "NodeMesh"
    BGP_PEER = "BGPPeer"


def _unique(classes: tuple[StatusClass, ...]) -> tuple[StatusClass, ...]:
    if not classes or len(set(classes)) < len(classes):
        raise Expected("a list of one or more of Agent, BGP, Routes, each once")
    return classes


class CalicoNodeStatusSpec(Model):
    """What is asked, and how often; an `update_period_seconds` of 0 stops it."""

    node: Name = Field(description="the name of a node")
    classes: Annotated[
        tuple[Annotated[StatusClass, BeforeValidator(word_of(StatusClass))], ...], AfterValidator(_unique)
    ] = Field(description="a list of Agent, BGP, Routes")
    update_period_seconds: Annotated[int, BeforeValidator(integer_between(0, UPDATE_PERIOD_S_MAX))] = Field(
        description=f"a period from 0 to {UPDATE_PERIOD_S_MAX} seconds"
    )


class DaemonStatus(Model):
    """One BGP speaker; times are text, as the speaker gives them."""

    state: Annotated[DaemonState, BeforeValidator(word_of(DaemonState))] | None = None
    version: Text | None = None
    router_id: Text | None = Field(default=None, alias="routerID")
    last_boot_time: Text | None = None
    last_reconfiguration_time: Text | None = None


class AgentStatus(Model):
    """The speakers of both families; where one process carries both they are the same."""

    bird_v4: DaemonStatus | None = Field(default=None, alias="birdV4")
    bird_v6: DaemonStatus | None = Field(default=None, alias="birdV6")


class PeerStatus(Model):
    """One session."""

    peer_ip: AddressText | None = Field(default=None, alias="peerIP")
    type: Annotated[PeerKind, BeforeValidator(word_of(PeerKind))] | None = None
    state: Annotated[SessionState, BeforeValidator(word_of(SessionState))] | None = None
    since: Text | None = None


class BGPStatus(Model):
    """All sessions."""

    number_established_v4: Integer = Field(default=0, alias="numberEstablishedV4")
    number_not_established_v4: Integer = Field(default=0, alias="numberNotEstablishedV4")
    number_established_v6: Integer = Field(default=0, alias="numberEstablishedV6")
    number_not_established_v6: Integer = Field(default=0, alias="numberNotEstablishedV6")
    peers_v4: tuple[PeerStatus, ...] | None = Field(default=None, alias="peersV4")
    peers_v6: tuple[PeerStatus, ...] | None = Field(default=None, alias="peersV6")


class LearnedFrom(Model):
    """Where a route was learned, and from whom."""

    source_type: Annotated[RouteSource, BeforeValidator(word_of(RouteSource))] | None = None
    peer_ip: AddressText | None = Field(default=None, alias="peerIP")


class RouteStatus(Model):
    """One route."""

    type: Annotated[RouteUse, BeforeValidator(word_of(RouteUse))] | None = None
    destination: Text | None = None
    gateway: Text | None = None
    interface: Text | None = None
    learned_from: LearnedFrom | None = None


class RoutesStatus(Model):
    """All routes."""

    routes_v4: tuple[RouteStatus, ...] | None = Field(default=None, alias="routesV4")
    routes_v6: tuple[RouteStatus, ...] | None = Field(default=None, alias="routesV6")


class CalicoNodeStatusStatus(Model):
    """What the agent last answered."""

    last_updated: Timestamp | None = None
    agent: AgentStatus | None = None
    bgp: BGPStatus | None = None
    routes: RoutesStatus | None = None


class CalicoNodeStatus(Resource):
    """A question to a node's agent, and its answer."""

    kind: Literal["CalicoNodeStatus"] = "CalicoNodeStatus"
    spec: CalicoNodeStatusSpec
    status: CalicoNodeStatusStatus | None = None
