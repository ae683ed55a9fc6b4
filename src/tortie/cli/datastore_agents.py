"""Running a node or a reflector that takes its orders from the datastore.

What it is for: filling in where its datastore, its socket and its last good intent are. What it is NOT for: agents that
stand alone (``verbs/reflector_run.py``). Imports pydantic, so only verbs that need the datastore import it.
"""

import os
from pathlib import Path

from tortie.cli.datastore import usable_url
from tortie.cli.running import Reporting, jitter, run_until_stopped, socket_to_serve
from tortie.cli.settings import state_directory
from tortie.node.agent import Agent, AgentOptions
from tortie.node.collector import relax_collector, settle_collector
from tortie.node.intent_source import Planner
from tortie.node.privileges import NODE_CAPABILITIES, REFLECTOR_CAPABILITIES
from tortie.node.redaction import secrets_of_environment, secrets_of_url

__all__ = ["run_datastore_agent"]


def run_datastore_agent(
    *,
    role: str,
    name: str,
    plan: Planner,
    datastore: str | None,
    run_directory: Path | None,
    state: Path | None,
    status_socket: Path | None,
    secrets_directory: Path | None,
    reporting: Reporting,
) -> None:
    """Run the agent until it is stopped.

    Args:
        role: "node" or "reflector".
        name: of the node, or the reflector's address.
        plan: what this speaker should do, given everything.
        datastore: URL given on the command line, or None.
        run_directory: where its socket lies, or None for the default.
        state: where it keeps its last good intent, or None for the default.
        status_socket: path of its socket, or None for the default in the run directory.
        secrets_directory: where files with passwords lie, or None.
        reporting: its logs, its metrics, who watches it.
    """
    options = AgentOptions(
        role=role,
        name=name,
        plan=plan,
        datastore=usable_url(datastore, may_create=True),
        status_socket=socket_to_serve(status_socket, run_directory),
        last_intent=(state or state_directory(run_directory)) / f"{role}-{name}.intent.json",
        jitter=jitter(),
        metrics=reporting.metrics,
        secrets_directory=secrets_directory,
        watch=reporting.watch,
        on_first_intent=settle_collector,
    )
    relax_collector()
    log = reporting.log()
    log.hide(*secrets_of_url(options.datastore), *secrets_of_environment(os.environ))
    capabilities = NODE_CAPABILITIES if role == "node" else REFLECTOR_CAPABILITIES
    run_until_stopped(lambda: Agent(options, log), log, capabilities)
