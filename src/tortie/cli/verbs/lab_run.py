"""``tortie lab run``: the walk through a lab: raise it, show it, take it down."""

import sys
from pathlib import Path

import click

from tortie.cli.options import agent_option, dual_stack_option, etcd_option, path, topology_argument

__all__ = ["lab_run"]


@click.command
@topology_argument
@dual_stack_option
@etcd_option
@click.option("--keep", is_flag=True, help="Leave the lab up; `tortie lab down` takes it down.")
@click.option(
    "--json", "json_file", metavar="FILE", type=path(), help="Write each step and its result to FILE as well."
)
@agent_option
def lab_run(
    *,
    topology: str,
    is_dual_stack: bool,
    etcd_members: str | None,
    keep: bool,
    json_file: Path | None,
    agents: tuple[str, ...],
) -> None:
    """Raise a lab and show at each step that it works.

    \b
    seed               the document's cluster, from a full mesh to route
                       reflection by the document's own commands
    seed --dual-stack  the same with IPv6 beside IPv4 (seed-dual-stack)
    racks              nine nodes in three racks with two reflectors each,
                       and what is left when reflectors fail
    racks-as-printed   the same with the cluster ids that the document
                       prints, and what one failure cuts off there
    mixed              BIRD, FRR and GoBGP as speakers beside ours, with two
                       reflectors of two makes, each of which is killed

    With --agent any of them runs another speaker on a host: tortie lab run seed --agent kube-node1=frr. With --etcd 3
    the datastore is an etcd cluster on three of its nodes; the walk through seed then kills a member.

    Each step prints the command that a person would type, what came of it and how long it took. The exit code is 1 when
    anything is not as expected.
    """
    from tortie.cli.labs import chosen_topology, walk_through

    plan = chosen_topology(topology, agents, is_dual_stack=is_dual_stack, etcd_member_count=int(etcd_members or 0))
    sys.exit(walk_through(plan, is_kept=keep, json_file=json_file))
