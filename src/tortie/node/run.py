"""Entry points of the agents: what `tortie node run` and `tortie reflector run` call.

For: turning a command's settings into a running agent with signals handled. Not for: parsing options (cli).
A reflector that stands alone is in `standalone_run`, which imports neither the datastore nor resources.
"""

import asyncio
import random
import signal
from collections.abc import Callable
from pathlib import Path

from tortie.fabric import node_intent, reflector_intent
from tortie.node.agent import Agent, AgentOptions
from tortie.node.intent_source import Planner
from tortie.node.log import set_up_logs

__all__ = ["run_node", "run_reflector"]


def run_node(name: str, *, datastore: str, run_dir: Path) -> None:
    """Run the agent of a node until SIGTERM or SIGINT; see Agent.run for what it raises.

    Args:
        name: the node's name in the datastore.
        datastore: URL.
        run_dir: for the status socket (`node.sock`) and the last good intent.
    """
    _run("node", name, lambda fabric: node_intent(fabric, name), datastore, run_dir)


def run_reflector(ip4: str, ip6: str | None, *, datastore: str, run_dir: Path) -> None:
    """Run a reflector that takes its sessions from the datastore, as the document's image does.

    Args:
        ip4: its IPv4 address: router id, listen and source address, key of its record.
        ip6: its IPv6 address; None = no IPv6.
        datastore: URL.
        run_dir: for the status socket (`reflector.sock`) and the last good intent.
    """
    _run("reflector", ip4, lambda fabric: reflector_intent(fabric, ip4, ip6), datastore, run_dir)


def _run(role: str, name: str, plan: Planner, datastore: str, run_dir: Path) -> None:
    options = AgentOptions(
        role=role,
        name=name,
        plan=plan,
        datastore=datastore,
        status_socket=run_dir / f"{role}.sock",
        last_intent=run_dir / f"{role}-intent.json",
        jitter=timer_jitter(),
    )
    asyncio.run(_run_until_signal(options))


async def _run_until_signal(options: AgentOptions) -> None:
    agent = Agent(options, set_up_logs())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, agent.stop)
    await agent.run()


def timer_jitter() -> Callable[[], float]:
    """Return the spread of timers that RFC 4271 §10 asks for: 0.75 to 1.0."""
    generator = random.Random()
    return lambda: generator.uniform(0.75, 1.0)
