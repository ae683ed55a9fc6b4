"""What befalls an etcd of three members, and the agents that live by it: sessions and routes stay.

Each fault runs in a program of its own (`lab.etcd_world`), which checks what it is about: no session goes down (but
those of an agent that is killed), no route leaves the kernel, status says what is wrong, what is changed meanwhile
arrives, and each event comes once. The table of a run of all of them is written where TORTIE_ETCD_PAGE says
(docs/etcd-faults.md).
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab.etcd_world import FAULTS, OWN
from support.etcd import need_etcd

DEADLINE_S = 200
NAMESPACES = ("unshare", "--net", "--pid", "--fork", "--kill-child", "--mount-proc")
QUICK = ("leader killed", "compaction while away")
ROWS = [pytest.param(name, id=name, marks=() if name in QUICK else pytest.mark.all) for name in FAULTS]


@pytest.fixture(scope="module")
def found() -> Iterator[list[dict[str, Any]]]:
    """Keep what the faults show, and write the page once all of them have run."""
    rows: list[dict[str, Any]] = []
    yield rows
    page = os.environ.get("TORTIE_ETCD_PAGE")
    if page is not None and len(rows) == len(FAULTS):
        Path(page).write_text(page_text(rows), encoding="utf-8")


@pytest.mark.root
@pytest.mark.timeout(DEADLINE_S + 20)
@pytest.mark.parametrize("name", ROWS)
def test_sessions_and_routes_stay(found: list[dict[str, Any]], name: str) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root")
    need_etcd()
    done = subprocess.run(
        [*NAMESPACES, sys.executable, "-m", "lab.etcd_world", name],
        env={**os.environ, "PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=DEADLINE_S,
    )
    assert done.returncode == 0, done.stderr
    row = json.loads(done.stdout)
    assert row["fault"] == name
    found.append(row)


# ---------------------------------------------------------------- the page

ENDPOINTS = re.compile(rf"{re.escape(OWN)}:\d+(, {re.escape(OWN)}:\d+)*")

HEAD = """# What befalls etcd, and what comes of it

Three etcd members, two nodes and a reflector, all real processes. Throughout, no BGP session went down (except those
of the agent that is killed) and no route left the kernel; both are watched from beginning to end. After the fault, or
once it is over, an operator makes a change: the seconds are from there until every agent has acted on it and the kernel
has the route. Where one watch lives through the fault, a counter is written all the time: so many events came, each
once and in order.

A run of `tests/lab/test_etcd_faults.py` wrote this page (`TORTIE_ETCD_PAGE=docs/etcd-faults.md scripts/test --all
tests/lab/test_etcd_faults.py`).

| fault | caught up, s | events | what was said of the datastore, in `status` and log |
|---|---|---|---|
"""


def page_text(rows: list[dict[str, Any]]) -> str:
    """Return the page; endpoints, which are others in each run, are left out of what was said."""
    return HEAD + "".join(
        f"| {row['fault']} | {row['caught_up_s']} | {row.get('events', '')} | {said(row['said'])} |\n" for row in rows
    )


def said(texts: list[str]) -> str:
    """Return the last of what was said: while an outage spreads it says so of one member after the other."""
    if not texts:
        return "nothing: it was followed throughout"
    return ENDPOINTS.sub("…", texts[-1])
