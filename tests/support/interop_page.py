"""docs/interop.md: what a run of tests/interop has shown, as a table.

What it is for: the text of the page. What it is NOT for: running anything. To know first: `Finding`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from support.daemons import DAEMONS, Daemon

FEATURES: Final = {
    "routes": "both ends learn one another's routes",
    "reflection": "ORIGINATOR_ID and CLUSTER_LIST are right",
    "no echo": "nobody takes its own routes back (as a reflector, FRR sends them: ORIGINATOR_ID tells)",
    "attributes": "MED and communities arrive",
    "unknown": "an unknown transitive attribute arrives",
    "refresh": "the speaker asks for the routes again (RFC 2918) and is sent them",
    "withdrawal": "what is withdrawn goes everywhere",
    "reset": "the speaker resets the session: it and all routes come back",
    "end": "one end stops: its routes go",
    "one session": "both dial at once: one connection remains, and carries routes both ways",
    "AS 4200000000": "eBGP with a 4-octet AS number: AS_PATH is whole, internal attributes stay inside",
}
"""Column of the table → what it says."""

LAB_FEATURES: Final = {
    "mesh": "as a node it has a session with every other node, and all containers ping one another",
    "commands": "the document's commands (the reflector's record, bgpPeer create, mesh off) act on it and its peers: "
    "sessions with the reflector and no others",
    "pings": "with the reflector, every container pings every other",
    "route": "a route of the node, through the reflector, has its ORIGINATOR_ID, CLUSTER_LIST and next hop, also "
    "in the kernel of another node",
    "no loss": "no ping is lost in the mesh, and none once the sessions with the reflector are there",
}
"""Column of the lab's table → what it says."""

LAB_ROLES: Final = {
    "lab node": "kube-node2 of `tortie lab run seed` runs the speaker, all other hosts ours",
    "lab reflector": "the reflector of `tortie lab run seed` is the speaker, all nodes run ours",
}

ROLES: Final = {
    "client": "the speaker is a client of `tortie reflector run`, beside a raw client",
    "reflector": "the speaker reflects between two of our speakers and a raw client",
    "both dial": "client of our reflector, and both ends dial",
    "external": "eBGP with our reflector, beside a raw client",
}

HEAD: Final = """\
# Foreign speakers

Generated from a run of every row, where it passed: `TORTIE_INTEROP_PAGE=docs/interop.md scripts/test --all
tests/interop`. Each row of the first table is one test of `tests/interop/test_foreign_speakers.py`, with real sockets
in a network namespace of its own; each row of the second is a walk through a whole lab, a test of
`tests/interop/test_lab_speakers.py`.

✓ passed · n/o: not offered, the speaker does not have it, does not show it, or has no command for it · empty: not
part of the role.
"""


LAB_HEAD: Final = """\
## In the place of a lab node, or of the reflector

The speaker gets the configuration that `tortie` computes for the host and writes in the speaker's own language, and the
document's commands act on it ([the lab](lab.md#foreign-speakers)). GoBGP's routes are written to the kernel by the lab,
BIRD and FRR write their own. A row for ipv6 is a walk with both families at once, `seed-dual-stack`.
"""


@dataclass(frozen=True)
class Finding:
    """One test has passed: these features, in this place."""

    daemon: type[Daemon]
    role: str
    family: str
    features: tuple[str, ...]
    not_offered: tuple[str, ...] = ()


def interop_page(findings: Iterable[Finding]) -> str:
    """Return the whole page."""
    by_row = {(finding.daemon.name, finding.role, finding.family): finding for finding in findings}
    ran = [daemon for daemon in DAEMONS if any(key[0] == daemon.name for key in by_row)]
    table = _table(by_row, ran, ROLES, FEATURES)
    lab_table = _table(by_row, ran, LAB_ROLES, LAB_FEATURES)
    versions = [f"| {daemon.name} | {daemon.version()} | `{daemon.package}` |" for daemon in ran]
    parts = [
        HEAD,
        "\n".join(["| speaker | version | Debian package |", "|---|---|---|", *versions, ""]),
        table,
        _legend("role", "what it is", ROLES),
        _legend("column", "what it says", FEATURES),
        LAB_HEAD,
        lab_table,
        _legend("role", "what it is", LAB_ROLES),
        _legend("column", "what it says", LAB_FEATURES),
    ]
    return "\n".join(parts)


def _table(
    by_row: Mapping[tuple[str, str, str], Finding],
    ran: Sequence[type[Daemon]],
    roles: Mapping[str, str],
    features: Mapping[str, str],
) -> str:
    rows = [
        _row(by_row[daemon.name, role, family], features)
        for daemon in ran
        for role in roles
        for family in ("ipv4", "ipv6")
        if (daemon.name, role, family) in by_row
    ]
    columns = ["speaker", "role", "family", *features]
    return "\n".join([f"| {' | '.join(columns)} |", "|" + "---|" * len(columns), *rows, ""])


def _legend(name: str, meaning: str, texts: Mapping[str, str]) -> str:
    return "\n".join([f"| {name} | {meaning} |", "|---|---|", *(f"| {n} | {text} |" for n, text in texts.items()), ""])


def _row(finding: Finding, features: Mapping[str, str]) -> str:
    marks = [
        "n/o" if feature in finding.not_offered else "✓" if feature in finding.features else "" for feature in features
    ]
    return f"| {' | '.join([finding.daemon.name, finding.role, finding.family, *marks])} |"
