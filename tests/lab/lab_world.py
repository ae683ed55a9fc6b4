"""A small lab whose agents are a few lines of Python: what tests of the lab itself run on.

Labs of tests lie in a folder of the test (TORTIE_LAB_DIR), so that they never meet a person's own.
"""

import asyncio
import functools
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import pytest

from tortie.lab.commands import CommandLines
from tortie.lab.errors import LabError
from tortie.lab.execute import Output, run_on
from tortie.lab.leftovers import footprint, leftovers
from tortie.lab.lifecycle import Lab, down, up
from tortie.lab.requirements import find_missing
from tortie.lab.topology import Topology, parse_topology

__all__ = [
    "COMMANDS",
    "TOPOLOGY",
    "command_lines",
    "environment",
    "lab_test",
    "module_lab",
    "on",
    "raised",
    "run_lab_test",
    "wait_until",
]

TOPOLOGY: Final = parse_topology(
    """
name: small
pools: [{cidr: 192.168.0.0/16}, {cidr: 'fd00:10::/64'}]
lans:
  left: {networks: [10.1.0.0/24, 'fd00:1::/64'], gateways: [10.1.0.1, 'fd00:1::1']}
  right: {networks: [10.2.0.0/24], gateways: [10.2.0.1]}
hosts:
  a: {interfaces: {left: [10.1.0.2, 'fd00:1::2']}, containers: {a1: [192.168.0.1, 'fd00:10::1'], a2: 192.168.0.2}}
  b: {interfaces: {left: [10.1.0.3, 'fd00:1::3']}, containers: {b1: [192.168.1.1, 'fd00:10::2']}, api: {}}
  c: {agent: none, interfaces: {right: 10.2.0.2}, containers: {c1: 192.168.2.1}}
  r: {role: router, interfaces: {left: 10.1.0.1, right: 10.2.0.1}}
  rr: {role: reflector, cluster_id: 1.0.0.1, interfaces: {left: 10.1.0.9}, start: manual}
""",
    "small.yaml",
)

_AGENT: Final = (
    "import os, signal, socket, sys\n"
    "signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))\n"
    "server = socket.socket(socket.AF_UNIX)\n"
    "path = '/run/tortie/status.sock'\n"
    "if os.path.exists(path): os.unlink(path)\n"
    "server.bind(path); server.listen()\n"
    "print('agent of', socket.gethostname(), os.environ.get('IP'), flush=True)\n"
    "while True: server.accept()[0].close()\n"
)
_API: Final = (
    "import signal, socket\ns = socket.create_server(('{address}', {port}))\nsignal.sigwait([signal.SIGTERM])\n"
)


def command_lines(agent: str = _AGENT) -> CommandLines:
    """Return command lines of agents that run these lines of Python."""
    python = (sys.executable, "-c")
    return CommandLines(node=(*python, agent), reflector=(*python, agent), api=(*python, _API))


COMMANDS: Final = command_lines()


def environment(folder: Path) -> dict[str, str]:
    """Return an environment in which labs lie below a folder."""
    return {**os.environ, "TORTIE_LAB_DIR": str(folder / "labs")}


def lab_test(test: Callable[..., None]) -> Callable[..., None]:
    """Mark a test that raises a lab; skip it where the machine cannot, but in CI let it fail."""
    missing = () if os.environ.get("CI") else _missing()
    skip = pytest.mark.skipif(bool(missing), reason=f"no lab can be raised here: {', '.join(missing)}")
    marked: Callable[..., None] = pytest.mark.root(skip(test))
    return marked


@functools.cache
def _missing() -> tuple[str, ...]:
    return tuple(item.name for item in find_missing() if item.is_required)


def run_lab_test(folder: Path, work: Callable[[Lab], Awaitable[None]], topology: Topology = TOPOLOGY) -> None:
    """Raise a lab, do some work in it, take it down, and see that nothing is left."""

    async def run() -> None:
        async with raised(folder, topology) as lab:
            before = footprint(lab)
            await work(lab)
        assert leftovers(before) == []
        assert not (folder / "labs").exists()

    asyncio.run(run())


def module_lab(folder: Path) -> Iterator[Lab]:
    """Yield one lab for all tests of a module; afterwards see that nothing is left."""
    where = environment(folder)
    lab = asyncio.run(up(TOPOLOGY, commands=COMMANDS, environment=where))
    before = footprint(lab)
    try:
        yield lab
    finally:
        asyncio.run(down(TOPOLOGY.name, where))
    assert leftovers(before) == []


@asynccontextmanager
async def raised(folder: Path, topology: Topology = TOPOLOGY, commands: CommandLines = COMMANDS) -> AsyncIterator[Lab]:
    """Raise a lab, and take it down whatever happens."""
    where = environment(folder)
    lab = await up(topology, commands=commands, environment=where)
    try:
        yield lab
    finally:
        await down(topology.name, where)


async def on(lab: Lab, target: str, *command: str, stdin: str = "") -> Output:
    """Run a command on a host or in a container."""
    return await run_on(lab, target, command, timeout_s=20.0, stdin=stdin)


async def wait_until(is_so: Callable[[], bool], timeout_s: float = 10.0) -> None:
    """Return when something is so; LabError if it never is."""
    try:
        async with asyncio.timeout(timeout_s):
            while not is_so():  # noqa: ASYNC110 - what is waited for happens in another process
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise LabError("it never came to be") from None
