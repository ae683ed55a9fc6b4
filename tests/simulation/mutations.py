"""Ways to break the engine, each of which a story must find: the proof that the checks of `tortie.sim` bite.

A mutation replaces one function for the length of a test. Structure to know: `MUTATIONS`, name → what breaks it.
"""

from collections.abc import Callable, Iterator

import pytest

from tortie.bgp.engine import sending
from tortie.bgp.engine.engine import Engine
from tortie.bgp.rib import Path, decision, export, rib
from tortie.bgp.rib.add_path_group import AddPathGroup
from tortie.bgp.rib.reflection import PeerKind, is_reflection_loop, reflected_attributes
from tortie.bgp.rib.rib import RIB
from tortie.bgp.rib.segment import Segment
from tortie.bgp.rib.update_group import UpdateGroup
from tortie.bgp.wire import AttributeSet, AttributeTable

Patch = pytest.MonkeyPatch


def forget_cluster_loops(patch: Patch) -> None:
    """A route that has been in our cluster is taken again."""
    patch.setattr(rib, "is_reflection_loop", lambda attributes, source, router_id, _: is_reflection_loop(
        attributes, source, router_id, -1))  # fmt: skip


def forget_originator_loops(patch: Patch) -> None:
    """A route that we originated ourselves is taken from somebody else, our own next hop or not."""
    patch.setattr(Engine, "_set_own_addresses", lambda _self, _addresses: None)
    patch.setattr(rib, "is_reflection_loop", lambda attributes, source, _, cluster_id: is_reflection_loop(
        attributes, source, -1, cluster_id))  # fmt: skip


def reflect_to_everybody(patch: Patch) -> None:
    """Non-clients hear what came from non-clients."""
    patch.setattr(export, "may_reflect", lambda _source, _to: True)


def reflect_to_no_client(patch: Patch) -> None:
    """Clients hear nothing that came by iBGP."""
    patch.setattr(export, "may_reflect", lambda source, to: source.is_client and to is not PeerKind.CLIENT)


def leave_cluster_list_alone(patch: Patch) -> None:
    """The reflector does not put its cluster id in."""

    def without(path: Path, cluster_id: int, table: AttributeTable) -> AttributeSet:
        return table.replace(reflected_attributes(path, cluster_id, table), cluster_list=path.attributes.cluster_list)

    patch.setattr(export, "reflected_attributes", without)


def become_the_next_hop(patch: Patch) -> None:
    """The reflector takes itself for the next hop, and has no data path."""
    patch.setattr(export, "_is_self", lambda _path, _profile: True)


def prefer_high_router_ids(patch: Patch) -> None:
    """The tie-break turned round."""
    original = decision._originating_router_id
    patch.setattr(decision, "_originating_router_id", lambda path: -original(path))


def without_step(step: decision.Step) -> Callable[[Patch], None]:
    """A step of the decision is left out."""

    def mutate(patch: Patch) -> None:
        patch.setattr(decision, "STEPS", tuple(item for item in decision.STEPS if item[0] is not step))

    return mutate


def say_nothing_of_withdrawals(patch: Patch) -> None:
    """A group forgets that a prefix is gone."""
    patch.setattr(UpdateGroup, "_withdraw", lambda _self, _nlri: None)


def leave_the_replaced(patch: Patch) -> None:
    """Who becomes the source of a prefix keeps what it had from somebody else."""
    patch.setattr(sending, "encode_withdrawals", lambda *_: [])


def tell_everybody_everything(patch: Patch) -> None:
    """A member is sent what it announced itself."""
    patch.setattr(Segment, "buffers_for", lambda self, _source: (self.data,) if self.data else ())


def owe_nothing_after_a_move(patch: Patch) -> None:
    """Who changes its group is not sent the difference."""

    def nothing(_self: UpdateGroup, _leaving: object, _former: object) -> Iterator[bytes]:
        return iter(())

    patch.setattr(UpdateGroup, "_difference", nothing)
    patch.setattr(AddPathGroup, "_difference", nothing)


def stay_in_the_group(patch: Patch) -> None:
    """A new cluster id is not told to those who are members already."""
    patch.setattr(Engine, "_regroup", lambda _self: None)


def keep_the_dead(patch: Patch) -> None:
    """What a peer announced stays when its session ends."""
    patch.setattr(RIB, "drop_family", lambda _self, _source, _family: None)


def never_sweep(patch: Patch) -> None:
    """What a restarted peer does not announce again stays for ever."""
    patch.setattr(RIB, "sweep_stale", lambda *_: None)


def forget_the_withdrawn(patch: Patch) -> None:
    """Withdrawals of peers are not heard."""
    patch.setattr(RIB, "withdraw", lambda *_: None)


def judge_only_once(patch: Patch) -> None:
    """What was a loop stays one when our cluster id changes, and the reverse."""
    patch.setattr(RIB, "judge_again", lambda *_: None)


MUTATIONS: dict[str, Callable[[Patch], None]] = {
    "cluster loops": forget_cluster_loops,
    "originator loops": forget_originator_loops,
    "reflect to everybody": reflect_to_everybody,
    "reflect to no client": reflect_to_no_client,
    "cluster list": leave_cluster_list_alone,
    "next hop self": become_the_next_hop,
    "high router ids": prefer_high_router_ids,
    "no LOCAL_PREF": without_step(decision.Step.LOCAL_PREF),
    "no MED": without_step(decision.Step.MED),
    "no local origin": without_step(decision.Step.LOCAL_ORIGIN),
    "withdrawals of a group": say_nothing_of_withdrawals,
    "the replaced": leave_the_replaced,
    "own announcements": tell_everybody_everything,
    "difference after a move": owe_nothing_after_a_move,
    "regroup": stay_in_the_group,
    "the dead": keep_the_dead,
    "sweep": never_sweep,
    "withdrawals of peers": forget_the_withdrawn,
    "judge again": judge_only_once,
}
