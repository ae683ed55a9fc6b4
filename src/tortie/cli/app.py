"""The tree of verbs, and the run of one command line.

What it is for: `VERBS` and `GROUPS`, the literal table of all there is, and `run_command_line`, the shell's top loop:
an error that nobody handled becomes one line and an exit code here. What it is NOT for: what a verb does (``verbs``).
"""

import os
import sys
from collections.abc import Sequence
from typing import Final

import click

from tortie import __version__
from tortie.cli.errors import ExitCode, explain
from tortie.cli.settings import DATASTORE_VARIABLE
from tortie.cli.verbs.api import api
from tortie.cli.verbs.apply import apply
from tortie.cli.verbs.completion import completion
from tortie.cli.verbs.config_get import config_get
from tortie.cli.verbs.config_set import config_set
from tortie.cli.verbs.config_unset import config_unset
from tortie.cli.verbs.convert import convert
from tortie.cli.verbs.create import create
from tortie.cli.verbs.datastore_export import datastore_export
from tortie.cli.verbs.datastore_import import datastore_import
from tortie.cli.verbs.datastore_upgrade import datastore_upgrade
from tortie.cli.verbs.datastore_version import datastore_version
from tortie.cli.verbs.delete import delete
from tortie.cli.verbs.get import get
from tortie.cli.verbs.import_etcd2_dump import import_etcd2_dump
from tortie.cli.verbs.ipam_check import ipam_check
from tortie.cli.verbs.ipam_configure import ipam_configure
from tortie.cli.verbs.ipam_release import ipam_release
from tortie.cli.verbs.ipam_show import ipam_show
from tortie.cli.verbs.ipam_split import ipam_split
from tortie.cli.verbs.lab_down import lab_down
from tortie.cli.verbs.lab_exec import lab_exec
from tortie.cli.verbs.lab_probe import lab_probe
from tortie.cli.verbs.lab_process import lab_restart, lab_start, lab_stop
from tortie.cli.verbs.lab_run import lab_run
from tortie.cli.verbs.lab_status import lab_status
from tortie.cli.verbs.lab_up import lab_up
from tortie.cli.verbs.label import label
from tortie.cli.verbs.man import man
from tortie.cli.verbs.node_check import node_check
from tortie.cli.verbs.node_confirm import node_confirm
from tortie.cli.verbs.node_diags import node_diags
from tortie.cli.verbs.node_drain import node_drain
from tortie.cli.verbs.node_routes import node_routes
from tortie.cli.verbs.node_run import node_run
from tortie.cli.verbs.node_status import node_status
from tortie.cli.verbs.node_stop import node_stop
from tortie.cli.verbs.patch import patch
from tortie.cli.verbs.reflector_confirm import reflector_confirm
from tortie.cli.verbs.reflector_drain import reflector_drain
from tortie.cli.verbs.reflector_routes import reflector_routes
from tortie.cli.verbs.reflector_run import reflector_run
from tortie.cli.verbs.reflector_status import reflector_status
from tortie.cli.verbs.reflector_stop import reflector_stop
from tortie.cli.verbs.refused import REFUSED
from tortie.cli.verbs.replace import replace
from tortie.cli.verbs.replay import replay
from tortie.cli.verbs.schema import schema
from tortie.cli.verbs.sim import sim
from tortie.cli.verbs.validate import validate
from tortie.cli.verbs.version import version

__all__ = ["GROUPS", "VERBS", "application", "run_command_line"]

DEBUG_VARIABLE: Final = "TORTIE_DEBUG"

SETTINGS: Final = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class OrderedGroup(click.Group):
    """A group that lists its verbs in the order of the tables above."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names in the order in which they were given."""
        return list(self.commands)


MIGRATE: Final = OrderedGroup(
    "migrate",
    help="All resources out of a datastore, and into an empty one.",
    commands={
        "export": datastore_export,
        "import": datastore_import,
        "lock": REFUSED["datastore migrate lock"],
        "unlock": REFUSED["datastore migrate unlock"],
    },
)

VERBS: Final[dict[str, click.Command]] = {
    "create": create,
    "apply": apply,
    "replace": replace,
    "patch": patch,
    "label": label,
    "delete": delete,
    "get": get,
    "validate": validate,
    "convert": convert,
    "schema": schema,
    "api": api,
    "replay": replay,
    "sim": sim,
    "version": version,
    "completion": completion,
    "man": man,
}

GROUPS: Final[dict[str, tuple[str, dict[str, click.Command]]]] = {
    "config": (
        "The settings of the network: get, set, unset.",
        {"get": config_get, "set": config_set, "unset": config_unset},
    ),
    "datastore": (
        "The datastore as a whole: its form, and all that is in it.",
        {
            "version": datastore_version,
            "upgrade": datastore_upgrade,
            "migrate": MIGRATE,
            "migrate-policy-names": REFUSED["datastore migrate-policy-names"],
        },
    ),
    "import": (
        "What other programs keep, taken over as resources.",
        {"etcd2-dump": import_etcd2_dump},
    ),
    "ipam": (
        "Addresses: how many are in use, who holds one, and what is wrong.",
        {
            "show": ipam_show,
            "check": ipam_check,
            "release": ipam_release,
            "split": ipam_split,
            "configure": ipam_configure,
        },
    ),
    "node": (
        "The agent of a host: run it, and ask the one that runs.",
        {
            "run": node_run,
            "check": node_check,
            "checksystem": node_check,
            "diags": node_diags,
            "status": node_status,
            "routes": node_routes,
            "confirm": node_confirm,
            "drain": node_drain,
            "stop": node_stop,
        },
    ),
    "reflector": (
        "A route reflector: run it, and ask the one that runs.",
        {
            "run": reflector_run,
            "status": reflector_status,
            "routes": reflector_routes,
            "confirm": reflector_confirm,
            "drain": reflector_drain,
            "stop": reflector_stop,
        },
    ),
    "cluster": ("What calicoctl asks Kubernetes for.", {"diags": REFUSED["cluster diags"]}),
    "lab": (
        "Networks in namespaces of this machine, with real agents.",
        {
            "run": lab_run,
            "up": lab_up,
            "exec": lab_exec,
            "status": lab_status,
            "probe": lab_probe,
            "start": lab_start,
            "stop": lab_stop,
            "restart": lab_restart,
            "down": lab_down,
        },
    ),
}
"""Group → its help and its verbs."""

HELP: Final = """\
A routed container network: BGP speakers on every host, route reflectors, one datastore.

Configure with create, apply, replace, delete and config; look with get and status; try it all with `tortie lab run
seed`. Resources and commands are calicoctl's.
"""


def application() -> click.Group:
    """Return the whole command; a new one each time."""
    root = OrderedGroup(
        callback=_take_global_options,
        params=[
            click.Option(["--datastore"], metavar="URL", help="The datastore, for every verb."),
            click.Option(
                ["--version"],
                is_flag=True,
                is_eager=True,
                expose_value=False,
                callback=_print_version,
                help="Print the version and end.",
            ),
        ],
        help=HELP,
        context_settings=SETTINGS,
        commands=dict(VERBS),
    )
    for name, (text, verbs) in GROUPS.items():
        root.add_command(OrderedGroup(name, commands=dict(verbs), help=text))
    return root


def _print_version(context: click.Context, _option: click.Parameter, is_asked: bool) -> None:
    if is_asked and not context.resilient_parsing:
        click.echo(f"tortie {__version__}")
        context.exit()


def _take_global_options(datastore: str | None) -> None:
    """Take options before the verb: --datastore there is the environment variable by another spelling."""
    if datastore is not None:
        os.environ[DATASTORE_VARIABLE] = datastore


def run_command_line(arguments: Sequence[str], command_name: str) -> int:
    """Run one command line and return the exit code.

    Args:
        arguments: what stands after the command's name.
        command_name: the name to show in help and errors.
    """
    try:
        code = application().main(list(arguments), prog_name=command_name, standalone_mode=False)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else ExitCode.OK
    except (Exception, KeyboardInterrupt) as error:
        if os.environ.get(DEBUG_VARIABLE):
            raise
        code, text = explain(error)
        if text:
            sys.stderr.write(text.rstrip() + "\n")
    return code if isinstance(code, int) else ExitCode.OK
