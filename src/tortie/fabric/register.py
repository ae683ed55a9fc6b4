"""Registers: who is admitted, kept up to date as resources come, change and go.

A `Register` holds the resources of one kind (or of kinds that compete for the same things). It reads each once and
judges anew only those whose claims have to do with what changed, so that one change among a hundred thousand records
costs what it touches. The result is the same as if everything were judged at once: incumbents first, and who is
set aside holds nothing (``quarantine.py`` says why).

What it is NOT for: what is legal in a resource (``reading.py``). Structures to know: `Register` and `Change`.
"""

from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

from tortie.fabric.intent import Quarantined
from tortie.fabric.quarantine import TAKEN, Claim, ClaimKey, RecordUnusable, full_name, name_claim, seniority, unusable
from tortie.fabric.records import Seniority
from tortie.model import Resource

R = TypeVar("R", bound=Resource)
T = TypeVar("T")

Read = Callable[[R], tuple[T, Sequence[Claim]] | None]
"""Returns record and claims, None for a resource that is no matter of ours, or raises `RecordUnusable`."""


class Change(NamedTuple, Generic[T]):
    """What an admitted record was and is; None where there is none."""

    former: T | None
    current: T | None


@dataclass(frozen=True, slots=True)
class _Reading(Generic[R, T]):
    """One resource, read.

    Attributes:
        record: None = nothing to admit.
        claim_keys: all that its claims want to have or to be free.
        problem: why it cannot be used, whoever else there is.
        resource: None where no context can change what it says: records are smaller.
    """

    seniority: Seniority
    kind: str
    name: str
    record: T | None
    claims: tuple[Claim, ...]
    claim_keys: tuple[ClaimKey, ...]
    problem: str | None
    resource: R | None
    context: object


class Register(Generic[R, T]):
    """Resources by key, and which of their records are admitted."""

    __slots__ = ("_changed", "_context", "_holders", "_interested", "_read", "_readings", "quarantined", "records")

    def __init__(self, read: Read[R, T], context: Callable[[R], object] | None = None) -> None:
        """Begin empty.

        Args:
            read: see `Read`.
            context: returns all that reading a resource depends on besides itself, comparable; None = nothing.
        """
        self.records: dict[str, T] = {}
        """Key → admitted record, in no order that means anything."""
        self.quarantined: dict[str, Quarantined] = {}
        """Key → why that record is not admitted."""
        self._read = read
        self._context = context
        self._changed: dict[str, R | None] = {}
        self._readings: dict[str, _Reading[R, T]] = {}
        self._holders: dict[ClaimKey, str] = {}
        self._interested: dict[ClaimKey, tuple[str, ...]] = {}

    def put(self, key: str, resource: R | None) -> None:
        """Note that a resource is new or another now; None = it is gone. `settle` acts on it.

        Args:
            key: tells resources apart, and decides between two of the same seniority.
            resource: what stands there.
        """
        self._changed[key] = resource

    @property
    def names(self) -> set[tuple[str, str]]:
        """Kind and full name of every resource, usable or not."""
        return {(reading.kind, reading.name) for reading in self._readings.values()}

    def settle(self, *, is_context_changed: bool = False) -> list[Change[T]]:
        """Judge what changed since the last time; return what that made of the admitted records.

        Args:
            is_context_changed: what `context` returns may differ from the last time.
        Cost: O(changes), and O(resources) cheap steps if the context changed.
        """
        former: dict[str, T | None] = {}
        touched: list[ClaimKey] = []
        for key, resource in self._take_changes(is_context_changed=is_context_changed):
            former[key] = self.records.get(key)
            self._forget(key, touched)
            if resource is not None:
                self._note(key, self._reading(resource), touched)
        for key in self._others_concerned(former, touched):
            former[key] = self.records.get(key)
        self._judge(key for key in former if key in self._readings)
        changes = (Change(record, self.records.get(key)) for key, record in former.items())
        return [change for change in changes if change.former != change.current]

    def _take_changes(self, *, is_context_changed: bool) -> Iterator[tuple[str, R | None]]:
        changed, self._changed = self._changed, {}
        if is_context_changed and self._context is not None:
            for key, reading in self._readings.items():
                if reading.resource is not None and self._context(reading.resource) != reading.context:
                    changed.setdefault(key, reading.resource)
        return iter(changed.items())

    def _reading(self, resource: R) -> _Reading[R, T]:
        context = None if self._context is None else self._context(resource)
        record: T | None = None
        claims: tuple[Claim, ...] = ()
        problem: str | None = None
        try:
            if (result := self._read(resource)) is not None:
                record, claims = result[0], (name_claim(resource), *result[1])
        except RecordUnusable as error:
            problem = str(error)
        return _Reading(
            seniority=seniority(resource),
            kind=resource.kind,
            name=full_name(resource),
            record=record,
            claims=claims,
            claim_keys=tuple(dict.fromkeys(key for claim in claims for key in (*claim.takes, *(claim.needs or ())))),
            problem=problem,
            resource=None if self._context is None else resource,
            context=context,
        )

    def _note(self, key: str, reading: _Reading[R, T], touched: list[ClaimKey]) -> None:
        self._readings[key] = reading
        for claim_key in reading.claim_keys:
            self._interested[claim_key] = (*self._interested.get(claim_key, ()), key)
            touched.append(claim_key)

    def _forget(self, key: str, touched: list[ClaimKey]) -> None:
        """Take a resource out; what it held is free."""
        reading = self._readings.pop(key, None)
        self.records.pop(key, None)
        self.quarantined.pop(key, None)
        for claim_key in () if reading is None else reading.claim_keys:
            rest = tuple(other for other in self._interested[claim_key] if other != key)
            if rest:
                self._interested[claim_key] = rest
            else:
                self._interested.pop(claim_key)
            if self._holders.get(claim_key) == key:
                del self._holders[claim_key]
            touched.append(claim_key)

    def _others_concerned(self, changed: Container[str], touched: list[ClaimKey]) -> Iterable[str]:
        """Return everybody else whose admission may hang on these claims, by way of whomever; empties `touched`."""
        found: dict[str, None] = {}
        while touched:
            for key in self._interested.get(touched.pop(), ()):
                if key not in changed and key not in found:
                    found[key] = None
                    touched.extend(self._readings[key].claim_keys)
        return found

    def _judge(self, keys: Iterable[str]) -> None:
        """Admit some, incumbents first, or set them aside; whom they have claims in common with is among them."""
        candidates = sorted(keys, key=lambda key: (self._readings[key].seniority, key))
        for key in candidates:
            for claim_key in self._readings[key].claim_keys:
                if self._holders.get(claim_key) == key:
                    del self._holders[claim_key]
        for key in candidates:
            self.records.pop(key, None)
            self.quarantined.pop(key, None)
            reading = self._readings[key]
            problem = reading.problem or self._refusal(reading)
            if problem is not None:
                self.quarantined[key] = Quarantined(reading.kind, reading.name, problem)
            elif reading.record is not None:
                self.records[key] = reading.record
                for claim in reading.claims:
                    self._holders.update(dict.fromkeys((one for one in claim.takes if one not in self._holders), key))

    def _refusal(self, reading: _Reading[R, T]) -> str | None:
        for claim in reading.claims:
            for claim_key in claim.takes if claim.needs is None else claim.needs:
                if (holder := self._holders.get(claim_key)) is not None:
                    who = f"{self._readings[holder].kind} '{self._readings[holder].name}'"
                    return str(unusable(claim.path, claim.value, f"{claim.expected}: {who} {TAKEN}"))
        return None
