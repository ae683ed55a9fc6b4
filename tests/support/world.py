"""Builders for worlds of engines: speakers of one AS, meshes, reflectors."""

from collections.abc import Iterable

from tortie.bgp.engine import (
    Engine,
    Observer,
    PeerConfig,
    PeerKey,
    RangeConfig,
    RouteStatus,
    SessionOptions,
    SpeakerConfig,
    route_statuses,
)
from tortie.bgp.policy import ACCEPT_ALL
from tortie.bgp.wire import IPV4_UNICAST, address_from_text
from tortie.sim import World

LOCAL_AS = 64512


def steady() -> float:
    """Jitter that is none."""
    return 1.0


def identifier(address: str) -> int:
    """An IPv4 address as router id or cluster id."""
    return int.from_bytes(address_from_text(address), "big")


def options(**changes: object) -> SessionOptions:
    """IBGP in the test AS, everything accepted both ways."""
    fields: dict[str, object] = {
        "local_as": LOCAL_AS,
        "peer_as": LOCAL_AS,
        "import_filter": ACCEPT_ALL,
        "export_filter": ACCEPT_ALL,
    }
    return SessionOptions(**{**fields, **changes})  # type: ignore[arg-type]  # fields of the dataclass


def peer(local: str, remote: str, **changes: object) -> PeerConfig:
    """A named peer of the test AS."""
    return PeerConfig(local_address=local, remote_address=remote, options=options(**changes))


def client_range(prefix: str, **changes: object) -> RangeConfig:
    """A range of clients."""
    return RangeConfig(prefix=prefix, options=options(**{"passive": True, "is_client": True, **changes}))


def add_speaker(
    world: World,
    address: str,
    peers: Iterable[PeerConfig] = (),
    *,
    ranges: Iterable[RangeConfig] = (),
    cluster_id: str | None = None,
    prefixes: Iterable[str] = (),
    is_restarting: bool = False,
    observer: Observer | None = None,
    expected: frozenset[PeerKey] | None = None,
    **changes: object,
) -> Engine:
    """Put a speaker named by its address into the world, configured and started; what it originates comes last."""
    fields: dict[str, object] = {
        "local_as": LOCAL_AS,
        "router_id": identifier(address),
        "cluster_id": None if cluster_id is None else identifier(cluster_id),
    }
    config = SpeakerConfig(**{**fields, **changes})  # type: ignore[arg-type]  # fields of the dataclass
    engine = Engine(
        config,
        steady,
        reports_best_paths=True,
        is_restarting=is_restarting,
        expected=expected,
        observer=observer,
    )
    world.add(address, engine, address)
    engine.reconfigure(tuple(peers), tuple(ranges), world.now)
    for prefix in prefixes:
        engine.originate(prefix, world.now)
    return engine


def mesh(world: World, addresses: list[str], **changes: object) -> dict[str, Engine]:
    """A full mesh; the speaker 192.0.2.N announces 10.N.0.0/16. `changes` are options of every session."""
    return {
        address: add_speaker(
            world,
            address,
            [peer(address, other, **changes) for other in addresses if other != address],
            prefixes=[own_prefix(address)],
        )
        for address in addresses
    }


def own_prefix(address: str) -> str:
    """What the speaker with this address announces."""
    return f"10.{address.rsplit('.', 1)[1]}.0.0/16"


def established(engine: Engine) -> list[str]:
    """Remote addresses of the sessions that are up."""
    return sorted(key.remote_address for key, each in engine.peers.items() if each.source is not None)


def best(engine: Engine) -> dict[str, RouteStatus]:
    """Best learned path of each prefix; own ones left out."""
    return {
        route.prefix: route for route in route_statuses(engine, IPV4_UNICAST) if route.best and route.source != "local"
    }


def resets(engine: Engine) -> int:
    """How many sessions of this engine have ended so far."""
    return sum(each.session.counters.down_count for each in engine.peers.values())
