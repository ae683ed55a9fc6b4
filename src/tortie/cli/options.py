"""Options and arguments that several verbs share, each declared once.

What it is for: the same spelling, help and completion for the same thing in every verb; each is a decorator. What it is
NOT for: reading values (``settings.py``, the verbs). ``*_options`` are several that go together.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from tortie.cli.completing import complete_names, complete_nodes, complete_topologies, completed
from tortie.cli.settings import RUN_DIRECTORY_VARIABLE

__all__ = [
    "AddressFamily",
    "ApiVersion",
    "OutputFormat",
    "OutputType",
    "PatchType",
    "Source",
    "TextOrJSON",
    "YAMLOrJSON",
    "agent_option",
    "choice",
    "config_options",
    "datastore_option",
    "drain_options",
    "dual_stack_option",
    "duration",
    "etcd_option",
    "for_restart_option",
    "import_options",
    "is_v1_identity",
    "kind_argument",
    "lab_argument",
    "lab_option",
    "manifest_options",
    "names_argument",
    "namespace_option",
    "optional_kind_argument",
    "path",
    "place_options",
    "reporting_options",
    "resource_options",
    "routes_options",
    "secrets_option",
    "socket_option",
    "status_options",
    "stop_message_option",
    "text_or_json_option",
    "topology_argument",
]

Verb = TypeVar("Verb", bound=Callable[..., Any])

CONFIG_NAMES: Final = ("asNumber", "ipip", "logLevel", "nodeToNodeMesh")
"""For completion only: the rules are in ``model.config_names``."""

LOG_LEVELS: Final = ("none", "debug", "info", "warning", "error", "critical")
LOG_FORMATS: Final = ("text", "json")

KIND_NAMES: Final = (
    "bgpConfiguration", "bgpFilter", "bgpPeer", "blockAffinity", "calicoNodeStatus", "hostEndpoint", "ipPool",
    "ipReservation", "ipamBlock", "ipamConfiguration", "ipamHandle", "node", "nodes",
    "routeReflector", "secret", "workloadEndpoint",
)  # fmt: skip
"""For completion only: the kinds are in ``model.kinds``."""


class OutputFormat(StrEnum):
    """What `get` can print."""

    PS = "ps"
    WIDE = "wide"
    YAML = "yaml"
    JSON = "json"
    CUSTOM_COLUMNS = "custom-columns"
    GO_TEMPLATE = "go-template"
    GO_TEMPLATE_FILE = "go-template-file"


class TextOrJSON(StrEnum):
    """What every other reading verb can print."""

    TEXT = "text"
    JSON = "json"


class YAMLOrJSON(StrEnum):
    """What `convert` can print."""

    YAML = "yaml"
    JSON = "json"


class PatchType(StrEnum):
    """How a patch is put over a resource."""

    STRATEGIC = "strategic"
    MERGE = "merge"
    JSON = "json"


class ApiVersion(StrEnum):
    """In which generation's form resources are printed."""

    V1 = "v1"
    V3 = "v3"


class AddressFamily(StrEnum):
    """Whose paths."""

    IPV4 = "ipv4"
    IPV6 = "ipv6"


class ExistingResources(StrEnum):
    """What `import` does with resources that are stored and differ."""

    REFUSE = "refuse"
    KEEP = "keep"
    REPLACE = "replace"


class PeerScope(StrEnum):
    """Who peers with a bgpPeer: every node, or one."""

    GLOBAL = "global"
    NODE = "node"


class RawComponent(StrEnum):
    """Whose raw settings `config --raw` handles."""

    BGP = "bgp"
    FELIX = "felix"


def choice(values: type[StrEnum]) -> click.Choice[str]:
    """Return the type of an option that takes one of the enumeration's values."""
    return click.Choice([member.value for member in values])


@dataclass(frozen=True, slots=True)
class Source:
    """Where resources are read from.

    Attributes:
        file: a file, a folder, or ``-``.
        is_recursive: the folders in a folder as well.
        may_be_empty: none at all is no error.
    """

    file: Path
    is_recursive: bool = False
    may_be_empty: bool = False


class OutputType(click.Choice[str]):
    """The type of `get`'s --output: a word, or a word with ``=`` and what it needs."""

    needing_value = (OutputFormat.CUSTOM_COLUMNS, OutputFormat.GO_TEMPLATE, OutputFormat.GO_TEMPLATE_FILE)

    def __init__(self) -> None:
        """Take the words from the enumeration."""
        super().__init__([member.value for member in OutputFormat])

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:  # noqa: ANN401
        """Return the value as it was given."""
        word, _, rest = str(value).partition("=")
        if word in self.needing_value and not rest:
            self.fail(f"expected {word}=, and what it needs, behind it", param, ctx)
        super().convert(word if word in self.needing_value else value, param, ctx)
        return str(value)


def path() -> "click.Path[Path]":
    """Return the type of an option that is a path; whether it exists is found out when it is opened."""
    return click.Path(path_type=Path)


def duration(_context: click.Context, parameter: click.Parameter, value: str) -> float:
    """Return what an option that is a duration says, in seconds; its callback."""
    from tortie.model.fields import Expected, check_duration, duration_s

    try:
        return duration_s(check_duration(value))
    except Expected as error:
        raise click.BadParameter(f"{value}: expected {error}", param=parameter) from error


def is_v1_identity(names: Sequence[str], scope: str | None, node: str | None) -> bool:
    """Tell whether arguments name a resource as calicoctl v1 does: by scope, node or CIDR, not by its v3 name."""
    return scope is not None or node is not None or any("/" in name for name in names)


# ---------------------------------------------------------------- resources


datastore_option = click.option(
    "--datastore",
    metavar="URL",
    help="The datastore, e.g. sqlite:///var/lib/tortie/datastore.db, etcds://10.0.0.1:2379,10.0.0.2:2379, or "
    "files:///etc/tortie/manifests, a folder that is only read. Default: $TORTIE_DATASTORE, else etcd if "
    "$ETCD_ENDPOINTS or /etc/calico/calicoctl.cfg says where, else a file.",
)


def manifest_options(*, is_required: bool = True) -> Callable[[Verb], Verb]:
    """Return what adds where resources are read from: --filename, --recursive, --skip-empty."""

    def added(verb: Verb) -> Verb:
        for option in (
            click.option("--skip-empty", is_flag=True, help="A file or folder without resources is no error."),
            click.option("--recursive", "-R", is_flag=True, help="The folders in a folder as well."),
            click.option(
                "--filename",
                "-f",
                "file",
                metavar="FILE",
                type=path(),
                required=is_required,
                help="YAML or JSON with the resources, or a folder of such files; - reads standard input.",
            ),
        ):
            verb = option(verb)
        return verb

    return added


namespace_option = click.option(
    "--namespace", "-n", metavar="NAMESPACE", help="For resources that live in namespaces and name none."
)

kind_argument = click.argument("kind", shell_complete=completed(KIND_NAMES))
names_argument = click.argument("names", metavar="[NAME]...", nargs=-1, shell_complete=complete_names)
optional_kind_argument = click.argument("kind", required=False, shell_complete=completed(KIND_NAMES))


def resource_options(verb: Verb) -> Verb:
    """Add what tells resources apart beyond their names: --namespace, --scope, --node."""
    for option in (
        click.option(
            "--node",
            metavar="NODE",
            help="The node of a bgpPeer with --scope=node.",
            shell_complete=complete_nodes,
        ),
        click.option("--scope", type=choice(PeerScope), help="The bgpPeer by its address, as calicoctl v1 names it."),
        click.option("--namespace", "-n", metavar="NAMESPACE", help="For kinds that live in namespaces."),
    ):
        verb = option(verb)
    return verb


def import_options(verb: Verb) -> Verb:
    """Add what all of `import` take: --existing, --dry-run, --yes."""
    for option in (
        click.option("--yes", "-y", is_flag=True, help="Write without being asked."),
        click.option("--dry-run", is_flag=True, help="Only show what would be written."),
        click.option(
            "--existing",
            type=choice(ExistingResources),
            default=ExistingResources.REFUSE.value,
            show_default=True,
            help="What becomes of resources that are stored and differ.",
        ),
    ):
        verb = option(verb)
    return verb


def config_options(verb: Verb) -> Verb:
    """Add what all of `config` take: NAME, --node, --raw."""
    for option in (
        click.option("--raw", type=choice(RawComponent), help="The component's raw setting of this name, unchecked."),
        click.option(
            "--node",
            "-n",
            metavar="NODE",
            help="The node's own value (logLevel and --raw only).",
            shell_complete=complete_nodes,
        ),
        click.argument("name", shell_complete=completed(CONFIG_NAMES)),
    ):
        verb = option(verb)
    return verb


# ---------------------------------------------------------------- output and agents

text_or_json_option = click.option(
    "--output", "-o", type=choice(TextOrJSON), default=TextOrJSON.TEXT.value, show_default=True, help="What to print."
)

socket_option = click.option(
    "--socket",
    metavar="PATH",
    type=path(),
    help="Status socket of the agent. Default: status.sock in $TORTIE_RUN_DIR.",
)


for_restart_option = click.option(
    "--for-restart",
    is_flag=True,
    help="It will be started again: its peers keep its routes meanwhile (graceful restart).",
)

stop_message_option = click.option(
    "--message",
    default="",
    metavar="TEXT",
    help="For the operators of the peers: shown in their status and logs (RFC 9003). At most 255 octets.",
)


def drain_options(verb: Verb) -> Verb:
    """Add what `drain` takes: --undo, --socket."""
    for option in (socket_option, click.option("--undo", is_flag=True, help="Announce its routes as usual again.")):
        verb = option(verb)
    return verb


def routes_options(verb: Verb) -> Verb:
    """Add what `routes` takes: PREFIX..., --family, --mrt, --output, --socket."""
    for option in (
        socket_option,
        text_or_json_option,
        click.option(
            "--mrt", metavar="FILE", type=path(), help="Write all paths to FILE as an MRT table, show nothing."
        ),
        click.option("--family", type=choice(AddressFamily), help="Only paths of this family."),
        click.argument("prefixes", metavar="[PREFIX]...", nargs=-1),
    ):
        verb = option(verb)
    return verb


secrets_option = click.option(
    "--secrets-dir",
    metavar="DIRECTORY",
    type=path(),
    help="Files NAME/KEY with the passwords of BGP sessions, as Kubernetes mounts them; they go before the datastore's "
    "Secrets. Mode 0600, or in a directory of mode 0700.",
)


def status_options(verb: Verb) -> Verb:
    """Add the options of both `status` commands."""
    for option in (
        socket_option,
        text_or_json_option,
        click.option("--all-events", is_flag=True, help="All events that the agent keeps (the last 500)."),
        click.option(
            "--events",
            type=click.IntRange(0),
            metavar="N",
            default=10,
            show_default=True,
            help="So many of the last events.",
        ),
        click.option("--all", "shows_all", is_flag=True, help="Every session, also where there are more than 30."),
    ):
        verb = option(verb)
    return verb


def place_options(verb: Verb) -> Verb:
    """Add where an agent has its files: --run-dir, --state-dir, --status-socket."""
    for option in (
        click.option(
            "--status-socket",
            metavar="PATH",
            type=path(),
            help="Where to answer for status. Default: status.sock in the run directory.",
        ),
        click.option(
            "--state-dir",
            metavar="DIRECTORY",
            type=path(),
            help="Where the last good intent is kept. Default: the run directory if one is given, else "
            "/var/lib/tortie.",
        ),
        click.option(
            "--run-dir",
            metavar="DIRECTORY",
            type=path(),
            envvar=RUN_DIRECTORY_VARIABLE,
            show_envvar=True,
            help="Where the status socket lies. Default: /run/tortie for root.",
        ),
    ):
        verb = option(verb)
    return verb


def _metrics_listen(_context: click.Context, _parameter: click.Parameter, value: str | None) -> object:
    """Read --metrics-listen; a bad value is a usage error that names what was expected."""
    if value is None:
        return None
    from tortie.node.metrics_address import MetricsAddressInvalid, metrics_address

    try:
        return metrics_address(value)
    except MetricsAddressInvalid as error:
        raise click.BadParameter(str(error)) from error


def reporting_options(verb: Verb) -> Verb:
    """Add how an agent says what it does: --log-format, --log-level, --metrics-listen."""
    for option in (
        click.option(
            "--metrics-listen",
            "metrics",
            metavar="ADDRESS:PORT",
            envvar="TORTIE_METRICS_LISTEN",
            show_envvar=True,
            callback=_metrics_listen,
            help="Serve /metrics for Prometheus here; a port alone is on 127.0.0.1. Default: nowhere.",
        ),
        click.option(
            "--log-level",
            type=click.Choice(LOG_LEVELS),
            default="info",
            show_default=True,
            help="What is logged, until the datastore's logLevel says another.",
        ),
        click.option(
            "--log-format",
            type=click.Choice(LOG_FORMATS),
            help="Form of the log on standard error. Default: text on a terminal and in the journal, else json.",
        ),
    ):
        verb = option(verb)
    return verb


# ---------------------------------------------------------------- labs

topology_argument = click.argument("topology", shell_complete=complete_topologies)
agent_option = click.option(
    "--agent",
    "agents",
    metavar="HOST=AGENT",
    multiple=True,
    help="Another speaker on a host: bird, bird1, frr, gobgp or tortie. May be given several times.",
)
dual_stack_option = click.option(
    "--dual-stack", "is_dual_stack", is_flag=True, help="The shipped topology's form with IPv6 beside IPv4."
)
etcd_option = click.option(
    "--etcd",
    "etcd_members",
    metavar="N",
    type=click.Choice(("1", "3")),
    help="etcd as the lab's datastore: 1 or 3 members on the first nodes, with TLS.",
)
lab_argument = click.argument("lab", required=False)
lab_option = click.option("--lab", metavar="LAB", help="Name of the lab. Default: the one that is up.")
