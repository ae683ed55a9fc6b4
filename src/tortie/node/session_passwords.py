"""The passwords of an intent's sessions, and what is said of those that have none.

For: one pure function, from sessions and a way to read secrets to what the speaker is given. Not for: reading secrets
(`secrets`), sockets (speaker). RFC 2385.
Structure to know: `SessionPasswords`.

A session whose password cannot be read stays configured, so that it is seen and waited for; the speaker neither dials
nor accepts it. Nothing is ever done without a password that was asked for.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from tortie.fabric import Quarantined, SecretReference, SessionIntent
from tortie.node.errors import SecretUnusable
from tortie.speaker import Password

__all__ = ["SessionPasswords", "session_passwords"]

ADDRESSES_SHOWN: Final = 3
"""Peers that a problem names."""

Read = Callable[[SecretReference], Password]
"""Raises SecretUnusable."""


@dataclass(frozen=True, slots=True)
class SessionPasswords:
    """What became of the references in an intent.

    Attributes:
        passwords: remote address → password.
        problems: one a secret that cannot be used, and one a session that contradicts another of the same address.
        refused: sessions (address, port) that contradict another one: they are not to be configured.
    """

    passwords: dict[str, Password] = field(default_factory=dict)
    problems: tuple[Quarantined, ...] = ()
    refused: frozenset[tuple[str, int]] = frozenset()


def session_passwords(sessions: Iterable[SessionIntent], read: Read) -> SessionPasswords:
    """Return the passwords of all sessions that name one.

    The kernel knows a peer's password by its address alone: of two sessions with one address the first decides.
    """
    found: dict[str, Password] = {}
    owners: dict[str, SecretReference] = {}
    refused: dict[tuple[str, int], Quarantined] = {}
    peers_of: dict[SecretReference, list[str]] = {}
    for session in sessions:
        reference, address = session.password, session.remote_address
        if reference is None:
            continue
        if owners.setdefault(address, reference) == reference:
            peers_of.setdefault(reference, []).append(address)
        else:
            reason = f"port {session.port}: another session with this address has another secret for its password"
            refused[address, session.port] = Quarantined("Session", address, reason)
    problems = set(refused.values())
    for reference, addresses in peers_of.items():
        try:
            found |= dict.fromkeys(addresses, read(reference))
        except SecretUnusable as error:
            problems.add(_problem(reference, str(error), addresses))
    return SessionPasswords(found, tuple(sorted(problems)), frozenset(refused))


def _problem(reference: SecretReference, reason: str, addresses: list[str]) -> Quarantined:
    peers = ", ".join(addresses[:ADDRESSES_SHOWN]) + (", ..." if len(addresses) > ADDRESSES_SHOWN else "")
    count = "1 session" if len(addresses) == 1 else f"{len(addresses)} sessions"
    text = f"key '{reference.key}': {reason}; no session without its password: {count} ({peers}) wait"
    return Quarantined("Secret", reference.name, text)
