"""Exact command lines of the lab, and the environment they run in: the one place to adjust them.

For: what the lab runs on hosts (agents, reflector, API) and what people type there. Not here: running anything.
The structure to know is `CommandLines`; words in braces are filled in from the topology.
"""

import os
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import tortie
from tortie.lab.etcd_lab import datastore_environment, etcd_plans, lab_datastore
from tortie.lab.foreign.speakers import BIRD1_VARIABLE, SPEAKERS
from tortie.lab.paths import (
    BIN_INSIDE,
    CERTIFICATES_INSIDE,
    DATASTORE_INSIDE,
    RUN_DIR_INSIDE,
)
from tortie.lab.plan import ProcessPlan
from tortie.lab.topology import Host, Topology

__all__ = [
    "COMMANDS",
    "COMMAND_NAMES",
    "STATUS_SOCKET",
    "CommandLines",
    "agent_process",
    "command_wrapper",
    "host_environment",
    "module_command",
    "process_plans",
    "python_path",
]

COMMAND_NAMES: Final = ("tortie", "calicoctl")
"""Names of our command in a host's shell; the second is the document's."""

STATUS_SOCKET: Final = "status.sock"
"""File name, in a host's run directory, of the socket that an agent answers status requests on."""

KEPT_VARIABLES: Final = (
    BIRD1_VARIABLE,
    "TERM",
    "TORTIE_DEBUG",
    "COLORTERM",
    "NO_COLOR",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "HOME",
)
"""Variables of the person's own environment that hosts see as well."""

SYSTEM_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def module_command(module: str, *arguments: str) -> tuple[str, ...]:
    """Return the command line that runs a module with this interpreter; needs PYTHONPATH = python_path()."""
    return (sys.executable, "-P", "-m", module, *arguments)


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandLines:
    """Command lines of the processes that the lab starts on hosts."""

    node: tuple[str, ...]
    reflector: tuple[str, ...]
    api: tuple[str, ...]
    foreign: tuple[str, ...] = module_command(
        "tortie.lab.foreign", "--speaker", "{agent}", "--datastore", "{datastore}", "--folder", "{run_dir}",
        "--status-socket", "{run_dir}/{socket}",
    )  # fmt: skip
    """A node's name follows; a reflector is told by its environment."""
    filling: tuple[str, ...] = module_command("tortie.lab.filling", "{file}")


COMMANDS: Final = CommandLines(
    node=("tortie", "node", "run", "--name", "{host}", "--run-dir", "{run_dir}"),
    reflector=("tortie", "reflector", "run"),
    api=(
        "tortie", "api", "--listen", "{address}:{port}",
        "--ca-cert", "{pki}/ca.pem", "--cert", "{pki}/server.pem", "--key", "{pki}/server-key.pem",
        "--grant", "write=CN=calicoctl",
    ),
)  # fmt: skip
"""What the lab starts. All are told of the datastore by their environment, and the reflector of its addresses,
as the document's container is (IP, IP6)."""


def command_wrapper() -> str:
    """Return the text of the script that stands in a host's PATH for our command.

    It runs this very installation with this very interpreter, whatever the host's PATH holds. `-P` keeps the current
    directory out of the import path.
    """
    command = shlex.join(module_command("tortie"))
    return f'#!/bin/sh\nPYTHONPATH={shlex.quote(python_path())}\nexport PYTHONPATH\nexec {command} "$@"\n'


def python_path() -> str:
    """Return a PYTHONPATH with which the same interpreter, anywhere, finds what this process finds: tortie first."""
    source = str(Path(tortie.__file__).resolve().parents[1])
    given = [str(Path(entry).absolute()) for entry in os.environ.get("PYTHONPATH", "").split(":") if entry]
    return ":".join(dict.fromkeys([source, *given]))


def host_environment(topology: Topology, outer: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of commands and processes on a host.

    Args:
        topology: of the lab.
        outer: the environment of the person's own shell.
    """
    kept = {name: outer[name] for name in KEPT_VARIABLES if name in outer}
    return {
        **kept,
        "PATH": f"{BIN_INSIDE}:{SYSTEM_PATH}",
        **datastore_environment(topology),
        "TORTIE_RUN_DIR": RUN_DIR_INSIDE,
    }


def agent_process(host: str, role: str) -> str:
    """Return the name of a host's agent among the lab's processes: a router runs the same agent as a node."""
    return f"{host}/{'reflector' if role == 'reflector' else 'node'}"


def process_plans(topology: Topology, outer: Mapping[str, str], commands: CommandLines) -> tuple[ProcessPlan, ...]:
    """Return the processes of a topology: etcd's, an agent a host, and the API where it is asked for."""
    environment = host_environment(topology, outer)
    filling = tuple(word.format(file=DATASTORE_INSIDE) for word in commands.filling)
    found = [*etcd_plans(topology, {**environment, "PYTHONPATH": python_path()}, filling)]
    datastore = lab_datastore(topology)
    for host in topology.hosts:
        if host.agent != "none":
            found.append(_agent(host, environment, commands, datastore))
        if host.api_port is not None:
            found.append(_api(host, host.api_port, environment, commands))
    return tuple(found)


def _agent(host: Host, environment: dict[str, str], commands: CommandLines, datastore: str) -> ProcessPlan:
    is_reflector = host.role == "reflector"
    name = agent_process(host.name, host.role)
    kind = name.rpartition("/")[2]
    addresses = {"IP": host.address(4), "IP6": host.address(6)} if is_reflector else {}
    if host.agent in SPEAKERS:
        arguments = (*_fill(commands.foreign, host, datastore), *(() if is_reflector else ("--name", host.name)))
        environment = {**environment, "PYTHONPATH": python_path()}
    else:
        arguments = _fill(commands.reflector if is_reflector else commands.node, host)
    return ProcessPlan(
        name=name,
        host=host.name,
        arguments=arguments,
        environment={**environment, **{name: text for name, text in addresses.items() if text}},
        log=f"hosts/{host.name}/log/{kind}.log",
        is_automatic=not host.is_manual,
        ready_socket=f"hosts/{host.name}/run/{STATUS_SOCKET}",
    )


def _api(host: Host, port: int, environment: dict[str, str], commands: CommandLines) -> ProcessPlan:
    address = host.address(4) or host.address(6) or ""
    return ProcessPlan(
        name=f"{host.name}/api",
        host=host.name,
        arguments=_fill(commands.api, host),
        environment=environment,
        log=f"hosts/{host.name}/log/api.log",
        ready_port=(address, port),
    )


def _fill(template: tuple[str, ...], host: Host, datastore: str = "") -> tuple[str, ...]:
    address = host.address(4) or f"[{host.address(6)}]"
    values = {
        "host": host.name,
        "agent": host.agent,
        "socket": STATUS_SOCKET,
        "address": address,
        "port": str(host.api_port),
        "datastore": datastore,
        "run_dir": RUN_DIR_INSIDE,
        "pki": CERTIFICATES_INSIDE,
    }
    return tuple(word.format(**values) for word in template)
