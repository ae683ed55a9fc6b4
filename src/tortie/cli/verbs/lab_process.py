"""``tortie lab start``, ``stop`` and ``restart``: the processes of a lab's hosts, one at a time."""

import click

from tortie.cli.options import lab_option

__all__ = ["lab_restart", "lab_start", "lab_stop"]

process_argument = click.argument("process", metavar="PROCESS")


@click.command
@process_argument
@lab_option
def lab_start(process: str, lab: str | None) -> None:
    """Start a process of a lab and wait until it is ready.

    PROCESS is a host and what runs on it, such as kube-node1/node, or the host alone for its agent.

    \b
    tortie lab start node1
    """
    _act(process, lab, "start", "is ready")


@click.command
@process_argument
@lab_option
def lab_stop(process: str, lab: str | None) -> None:
    """End a process of a lab.

    It gets SIGTERM, and SIGKILL if it does not heed that. One that does not run is left alone.
    """
    _act(process, lab, "stop", "has ended")


@click.command
@process_argument
@lab_option
def lab_restart(process: str, lab: str | None) -> None:
    """Start a process of a lab anew and wait until it is ready.

    One that runs is ended first; one that was killed just starts.

    \b
    tortie lab exec kube-node1 -- sh -c 'kill -9 $(pgrep -f "[n]ode run --name kube-node1")'
    tortie lab restart kube-node1
    """
    _act(process, lab, "restart", "is ready")


def _act(process: str, lab: str | None, action: str, outcome: str) -> None:
    import asyncio

    from tortie.cli.labs import process_name, the_lab

    found = the_lab(lab)
    name = process_name(found, process)
    actions = {"start": found.start_process, "stop": found.stop_process, "restart": found.restart_process}
    asyncio.run(actions[action](name))
    click.echo(f"{name} {outcome}")
