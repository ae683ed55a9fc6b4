"""``tortie lab exec``: run a command on a host or in a container of a lab."""

import sys

import click

from tortie.cli.options import lab_option

__all__ = ["lab_exec"]

SHELL = ("/bin/sh", "-i")


@click.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@lab_option
@click.argument("target")
@click.argument("command", nargs=-1)
def lab_exec(*, lab: str | None, target: str, command: tuple[str, ...]) -> None:
    """Run a command on a host or in a container of a lab.

    TARGET is the name of either; without COMMAND a shell is started. The command's exit code is this one's. A host's
    shell knows the document's name for tortie too, so that its lines can be typed as printed.

    \b
    tortie lab exec kube-master calicoctl config set nodeToNodeMesh off
    tortie lab exec kube-node1 ip route
    """
    from tortie.cli.labs import the_lab
    from tortie.lab.execute import exec_interactive

    sys.exit(exec_interactive(the_lab(lab), target, command or SHELL))
