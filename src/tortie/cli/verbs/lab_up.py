"""``tortie lab up``: raise a lab and leave it."""

import click

from tortie.cli.options import agent_option, dual_stack_option, etcd_option, topology_argument

__all__ = ["lab_up"]


@click.command
@topology_argument
@dual_stack_option
@etcd_option
@agent_option
def lab_up(topology: str, is_dual_stack: bool, etcd_members: str | None, agents: tuple[str, ...]) -> None:
    """Raise a lab and leave it up.

    Hosts, networks and containers are namespaces of this machine; on the hosts run the real agents. TOPOLOGY is the
    name of a shipped one (seed) or a file (.yaml).

    \b
    tortie lab up seed
    tortie lab up seed --dual-stack
    tortie lab up seed --etcd 3
    tortie lab exec kube-master calicoctl get nodes -o wide
    tortie lab down seed
    """
    import asyncio

    from tortie.cli.labs import chosen_topology, show_progress
    from tortie.lab.lifecycle import up

    plan = chosen_topology(topology, agents, is_dual_stack=is_dual_stack, etcd_member_count=int(etcd_members or 0))
    lab = asyncio.run(up(plan, on_progress=show_progress))
    for remark in lab.state.remarks:
        click.echo(f"note: {remark}", err=True)
    names = ", ".join(host.name for host in lab.topology.hosts)
    click.echo(f"lab '{lab.name}' is up: {names}\ntype on a host: tortie lab exec HOST [COMMAND]...")
