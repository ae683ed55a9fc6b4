"""Quarantine: a record that cannot be used takes out itself, and everything else runs on.

Upstream renders one file from all records, so a stale host with a reflector's address stops every
session (bird#12). Here each record is read on its own; what is wrong with it becomes a `Quarantined`
entry for status, and nothing else changes.

Of two records that want the same thing (an address, a name, a block) the incumbent keeps it: earlier
creation time, then uid, then name. A record without a creation time is the older one: reflector
records have none, and a host that came later must not take a reflector's address. A record that was
set aside for any reason holds nothing, so it leaves no trace in what the others get.

What it is NOT for: reading kinds (``reading.py``), judging claims (``register.py``). Structure to know: `Claim`.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Final, TypeVar

from tortie.fabric.records import Seniority
from tortie.model import FieldProblem, Resource

R = TypeVar("R", bound=Resource)

ClaimKey = tuple[str, ...]
"""What can be held by one record at a time: a name space, then the thing, e.g. ("speaker", "10.0.0.1")."""


TAKEN: Final = "has it and is older"
UNSUPPORTED: Final = "no such field"

REASON_CLASSES: Final = ("taken", "unsupported", "invalid")
"""Why records are set aside: another holds what they claim; a field whose meaning is not carried out; all else."""


def reason_class(reason: str) -> str:
    """Return the class of a reason, one of `REASON_CLASSES`."""
    if TAKEN in reason:
        return "taken"
    return "unsupported" if UNSUPPORTED in reason else "invalid"


class RecordUnusable(Exception):
    """A record cannot be used; its text is the reason. Never leaves this package."""


def unusable(path: str, value: object, expected: str) -> RecordUnusable:
    """Return the error that names field, value and what was expected."""
    return RecordUnusable(FieldProblem(path, value, expected).text())


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Something that only one record may have.

    Attributes:
        path: the field that claims it, for the reason.
        value: what stands there.
        expected: what should stand there instead of something that is taken.
        takes: keys held from now on.
        needs: keys that must be free; None = the same as `takes`.
    """

    path: str
    value: str
    expected: str
    takes: tuple[ClaimKey, ...]
    needs: tuple[ClaimKey, ...] | None = None


def name_claim(resource: Resource) -> Claim:
    """Return the claim that every resource makes: its kind and name."""
    name = full_name(resource)
    key = ("name", resource.kind, name)
    return Claim(path="metadata.name", value=name, expected="a name of its own", takes=(key,))


def full_name(resource: Resource) -> str:
    """Return ``name``, or ``namespace/name`` where the kind has namespaces."""
    return f"{resource.namespace}/{resource.name}" if resource.namespace else resource.name


def seniority(resource: Resource) -> Seniority:
    """Return the sort key of a resource, incumbent first.

    The ``Z`` is cut so that a fraction of a second sorts behind the whole one.
    """
    metadata = resource.metadata
    created = (metadata.creation_timestamp or "").removesuffix("Z")
    return created, metadata.uid or "", resource.name, resource.kind, resource.namespace or ""


def by_seniority(resources: Iterable[R]) -> list[R]:
    """Return resources, incumbents first, the same for every order of input; exact copies only once."""
    ordered: list[R] = []
    for _, same in groupby(sorted(resources, key=seniority), key=seniority):
        twins = list(same)
        if len(twins) > 1:
            by_content = {json.dumps(item.to_data(), sort_keys=True): item for item in twins}
            twins = [by_content[content] for content in sorted(by_content)]
        ordered.extend(twins)
    return ordered
