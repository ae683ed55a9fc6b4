"""Commands of calicoctl that make no sense here: each says why, and what to do instead.

What it is for: `REFUSED`, one command each, so that a script of calicoctl's stops with a reason and not with "no such
command". What it is NOT for: options that are refused; those stand with their verbs.
"""

from typing import Final

import click

__all__ = ["REFUSED"]


def _refused(full_name: str, why: str) -> click.Command:
    name = full_name.rpartition(" ")[2]

    @click.command(
        name,
        help=f"Refused: calicoctl's command has no meaning here.\n\n{why}",
        context_settings={"ignore_unknown_options": True},
    )
    @click.argument("arguments", metavar="[ARGUMENT]...", nargs=-1, type=click.UNPROCESSED)
    def verb(arguments: tuple[str, ...]) -> None:  # noqa: ARG001 - whatever calicoctl would take
        from tortie.cli.errors import CommandFailed

        raise CommandFailed(f"{full_name}: {why}")

    return verb


_NO_LOCK: Final = (
    "There is no lock on the datastore: every write is a compare-and-swap, and `ipam split` is one transaction. "
    "To keep agents from changing it, stop them, or take their role's write permission away in etcd."
)

REFUSED: Final = {
    "cluster diags": _refused(
        "cluster diags",
        "It collects from pods through Kubernetes, which is not asked here. Run `tortie node diags` on each host.",
    ),
    "datastore migrate lock": _refused("datastore migrate lock", _NO_LOCK),
    "datastore migrate unlock": _refused("datastore migrate unlock", _NO_LOCK),
    "datastore migrate-policy-names": _refused(
        "datastore migrate-policy-names", "Policies are not kept here, so none has a name to migrate."
    ),
}
"""Full name → the command that refuses."""
