"""docs/interop.md: what a run of tests/interop has shown, as a table.

What it is for: the text of the page. What it is NOT for: running anything. To know first: `Finding`.
"""

from collections.abc import Iterable
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

ROLES: Final = {
    "client": "the speaker is a client of `tortie reflector run`, beside a raw client",
    "reflector": "the speaker reflects between two of our speakers and a raw client",
    "both dial": "client of our reflector, and both ends dial",
    "external": "eBGP with our reflector, beside a raw client",
}

HEAD: Final = """\
# Foreign speakers

Generated from a run of every row, where it passed: `TORTIE_INTEROP_PAGE=docs/interop.md scripts/test --all
tests/interop`. Each row is one test of `tests/interop/test_foreign_speakers.py`, with real sockets in a network
namespace of its own.

✓ passed · n/o: not offered, the speaker does not have it, does not show it, or has no command for it · empty: not
part of the role.
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
    rows = [
        _row(by_row[daemon.name, role, family])
        for daemon in ran
        for role in ROLES
        for family in ("ipv4", "ipv6")
        if (daemon.name, role, family) in by_row
    ]
    columns = ["speaker", "role", "family", *FEATURES]
    table = [f"| {' | '.join(columns)} |", "|" + "---|" * len(columns), *rows]
    versions = [f"| {daemon.name} | {daemon.version()} | `{daemon.package}` |" for daemon in ran]
    parts = [
        HEAD,
        "\n".join(["| speaker | version | Debian package |", "|---|---|---|", *versions, ""]),
        "\n".join([*table, ""]),
        "\n".join(
            ["| role | what it is |", "|---|---|", *(f"| {name} | {text} |" for name, text in ROLES.items()), ""]
        ),
        "\n".join(
            ["| column | what it says |", "|---|---|", *(f"| {n} | {text} |" for n, text in FEATURES.items()), ""]
        ),
    ]
    return "\n".join(parts)


def _row(finding: Finding) -> str:
    marks = [
        "n/o" if feature in finding.not_offered else "✓" if feature in finding.features else "" for feature in FEATURES
    ]
    return f"| {' | '.join([finding.daemon.name, finding.role, finding.family, *marks])} |"
