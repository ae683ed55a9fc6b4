"""Bearer tokens of the API, in a file that holds their hashes only.

What it is for: making, listing, revoking and checking tokens. What it is not for: roles (`access.py`), HTTP.

A token is 256 random bits behind ``tortie_``: its SHA-256 says nothing about it and needs no salt. The file is JSON of
mode 0600; it is replaced as a whole, and read again as soon as it has changed: a token that is revoked is refused at
once.

To know first: `TokenFile`, `Token`.
"""

import fcntl
import hashlib
import hmac
import json
import os
import re
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from tortie.node.private_file import FileNotPrivate, read_private
from tortie.web.errors import AccessInvalid

__all__ = ["Token", "TokenFile", "TokenRefused"]

PREFIX: Final = "tortie_"
RANDOM_OCTETS: Final = 32
TOKEN_LENGTH_MAX: Final = 200
TOKENS_MAX: Final = 1000
FILE_BYTES_MAX: Final = 1024 * 1024
FILE_MODE: Final = 0o600
DIRECTORY_MODE: Final = 0o700
ROLES: Final = ("read", "write")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")

Stamp = tuple[int, int, int, int, int]


class TokenRefused(Exception):
    """A token is not good; the message says why, and not which it was."""


@dataclass(frozen=True, slots=True)
class Token:
    """What is kept of a token.

    Attributes:
        name: who it was made for.
        role: "read" or "write".
        sha256: of the whole token, in hexadecimal.
        created, expires: times in ISO 8601 with a time zone; expires None = never.
    """

    name: str
    role: str
    sha256: str
    created: str
    expires: str | None

    def is_expired(self, now: datetime) -> bool:
        """Return whether its time is over."""
        return self.expires is not None and datetime.fromisoformat(self.expires) <= now


class TokenFile:
    """The tokens in one file. A file that is not there holds none."""

    def __init__(self, path: Path) -> None:
        """Keep the path; it is read when it is asked."""
        self.path = path
        self._stamp: Stamp | None = None
        self._tokens: tuple[Token, ...] = ()

    def tokens(self) -> Sequence[Token]:
        """Return all tokens, expired ones too, by name.

        Raises:
            AccessInvalid: the file cannot be used.
        """
        stamp = self._stamp_now()
        if stamp is None or stamp != self._stamp:
            self._tokens = () if stamp is None else self._read()
            self._stamp = stamp
        return self._tokens

    def check(self, text: str, now: datetime) -> Token:
        """Return the token that a text is.

        All are compared, each in a time that does not depend on where it differs.

        Raises:
            TokenRefused: it is none, or not any more.
        """
        try:
            tokens = self.tokens()
        except AccessInvalid:
            raise TokenRefused("the tokens cannot be read: see the server's file") from None
        digest = hashlib.sha256(text[:TOKEN_LENGTH_MAX].encode()).hexdigest()
        found = [token for token in tokens if hmac.compare_digest(token.sha256, digest)]
        if not found:
            raise TokenRefused("no such token")
        if found[0].is_expired(now):
            raise TokenRefused(f"the token {found[0].name} expired at {found[0].expires}")
        return found[0]

    def create(self, name: str, role: str, now: datetime, expires: datetime | None) -> str:
        """Keep a new token and return it: it is not to be had again.

        Raises:
            AccessInvalid: the name is taken or none, or the file cannot be used.
        """
        if not _NAME.fullmatch(name):
            raise AccessInvalid(f"token name {name!r}: expected 1 to 63 letters, digits, '.', '_' and '-'")
        with self._locked():
            tokens = self.tokens()
            if any(token.name == name for token in tokens):
                raise AccessInvalid(f"token {name!r} exists already: revoke it first, or take another name")
            if len(tokens) >= TOKENS_MAX:
                raise AccessInvalid(f"{self.path}: {TOKENS_MAX} tokens, no more are kept: revoke some")
            text = PREFIX + secrets.token_urlsafe(RANDOM_OCTETS)
            digest = hashlib.sha256(text.encode()).hexdigest()
            end = None if expires is None else expires.isoformat(timespec="seconds")
            self._write([*tokens, Token(name, role, digest, now.isoformat(timespec="seconds"), end)])
        return text

    def revoke(self, name: str) -> None:
        """Forget a token.

        Raises:
            AccessInvalid: there is none of this name, or the file cannot be used.
        """
        with self._locked():
            tokens = self.tokens()
            rest = [token for token in tokens if token.name != name]
            if len(rest) == len(tokens):
                known = ", ".join(token.name for token in tokens) or "none"
                raise AccessInvalid(f"token {name!r} does not exist (there are: {known})")
            self._write(rest)

    # ------------------------------------------------------------------ the file

    def _stamp_now(self) -> Stamp | None:
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise AccessInvalid(f"{self.path}: {error.strerror or error}") from error
        return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns

    def _read(self) -> tuple[Token, ...]:
        try:
            content = json.loads(read_private(self.path, FILE_BYTES_MAX))
            found = tuple(sorted((_token(item) for item in content["tokens"]), key=lambda token: token.name))
        except FileNotPrivate as error:
            raise AccessInvalid(str(error)) from None
        except (ValueError, TypeError, KeyError, RecursionError):
            raise AccessInvalid(f"{self.path}: not a file of tokens as `tortie api token create` makes it") from None
        return found

    def _write(self, tokens: Sequence[Token]) -> None:
        scratch = self.path.with_name(f".{self.path.name}.new")
        content = json.dumps({"tokens": [asdict(token) for token in tokens]}, indent=1) + "\n"
        try:
            descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, FILE_MODE)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                os.fchmod(descriptor, FILE_MODE)
                file.write(content)
                file.flush()
                os.fsync(descriptor)
            scratch.replace(self.path)
        except OSError as error:
            raise AccessInvalid(f"{self.path}: {error.strerror or error}") from error

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Let nobody else change the file meanwhile."""
        try:
            self.path.parent.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
            descriptor = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise AccessInvalid(f"{self.path.parent}: {error.strerror or error}") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def _token(item: object) -> Token:
    match item:
        case {"name": str(name), "role": str(role), "sha256": str(digest), "created": str(created), "expires": expires}:
            token = Token(name, role, digest, created, None if expires is None else str(expires))
        case _:
            raise ValueError("a token lacks a field")
    if role not in ROLES or (token.expires and datetime.fromisoformat(token.expires).tzinfo is None):
        raise ValueError("a role or a time that cannot be")
    return token
