"""`python -m tortie.lab.foreign --speaker bird --name kube-node1`: the lab's process on a host with a foreign speaker.

Run by the lab's holder, inside the host. A reflector is told by its environment, as ours is: IP, IP6.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from tortie.fabric import node_intent, reflector_intent
from tortie.lab.errors import LabError
from tortie.lab.foreign.agent import DAEMONS, ForeignAgent, ForeignOptions
from tortie.node.errors import StatusSocketUnusable
from tortie.node.log import Log, set_up_logs

__all__ = ["main"]

PRIVATE = 0o077


def _options(arguments: list[str], environment: Mapping[str, str]) -> ForeignOptions:
    parser = argparse.ArgumentParser(prog="python -m tortie.lab.foreign")
    parser.add_argument("--speaker", required=True, choices=sorted(DAEMONS))
    parser.add_argument("--name", help="name of the node; without one this is the reflector at IP and IP6")
    parser.add_argument("--datastore", required=True)
    parser.add_argument("--folder", required=True, type=Path)
    parser.add_argument("--status-socket", required=True, type=Path)
    given = parser.parse_args(arguments)
    name: str | None = given.name
    ip4, ip6 = environment.get("IP", ""), environment.get("IP6") or None
    return ForeignOptions(
        speaker=given.speaker,
        role="reflector" if name is None else "node",
        name=ip4 if name is None else name,
        plan=(lambda fabric: reflector_intent(fabric, ip4, ip6))
        if name is None
        else (lambda fabric: node_intent(fabric, name)),
        datastore=given.datastore,
        status_socket=given.status_socket,
        folder=given.folder,
    )


async def _run(options: ForeignOptions, log: Log) -> None:
    await ForeignAgent(options, log).run()


def _lab_errors(group: BaseExceptionGroup[BaseException]) -> list[str]:
    """Return what went wrong where nothing but the speaker, its socket or the kernel did; else raise it."""
    known, unknown = group.split((LabError, StatusSocketUnusable, OSError))
    if unknown is not None or known is None:
        raise group
    found: list[str] = []
    for error in known.exceptions:
        found += _lab_errors(error) if isinstance(error, BaseExceptionGroup) else [str(error)]
    return found


def main(arguments: list[str]) -> int:
    """Run until stopped; returns the exit code."""
    os.umask(PRIVATE)
    options, log = _options(arguments, os.environ), set_up_logs()
    try:
        asyncio.run(_run(options, log))
    except BaseExceptionGroup as group:
        for text in _lab_errors(group):
            log.error("agent ended", object=options.name, reason=text)  # noqa: TRY400 - Log has no `exception`
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
