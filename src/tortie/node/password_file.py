"""Passwords in files: one a file, read again and again, so that another password is noticed.

For: what a file or a secret holds → `Password`. Not for: which file is whose. Imports no pydantic: a reflector that
stands alone needs it. RFC 2385.
Structure to know: `PasswordFiles`.
"""

from pathlib import Path
from typing import Final

from tortie.node.errors import SecretUnusable
from tortie.node.private_file import FileNotPrivate, read_private
from tortie.speaker import PASSWORD_BYTES_MAX, Password

__all__ = ["LOOK_S", "PasswordFiles", "password_from"]

LOOK_S: Final = 1.0
"""Between two looks at files."""

FILE_BYTES_MAX: Final = PASSWORD_BYTES_MAX + 2
"""A password and the end of its line."""


def password_from(content: bytes) -> Password:
    """Return the password that a file or a secret holds: all of it, but for one end of line.

    Raises:
        SecretUnusable: it is empty or too long for TCP-MD5.
    """
    try:
        return Password(content.removesuffix(b"\n").removesuffix(b"\r"))
    except ValueError as error:
        raise SecretUnusable(str(error)) from None


class PasswordFiles:
    """Reads files. That one holds no password any more is believed at the second look: it may be half written."""

    def __init__(self) -> None:
        """Nothing was read yet."""
        self._good: dict[Path, Password] = {}
        self._failed_at: dict[Path, int] = {}
        self._look = 0

    def look_again(self) -> None:
        """The reads that follow belong to another look, LOOK_S after the one before."""
        self._look += 1

    def read(self, path: Path) -> Password:
        """Return the password in a file.

        Raises:
            SecretUnusable: there is none that can be used; names the file.
        """
        try:
            password = self._good[path] = password_from(read_private(path, FILE_BYTES_MAX))
        except FileNotPrivate as error:
            return self._good_until_next_look(path, str(error))
        except SecretUnusable as error:
            return self._good_until_next_look(path, f"{path}: {error}")
        self._failed_at.pop(path, None)
        return password

    def _good_until_next_look(self, path: Path, problem: str) -> Password:
        is_first_look = self._failed_at.setdefault(path, self._look) == self._look
        if is_first_look and path in self._good:
            return self._good[path]
        self._good.pop(path, None)
        raise SecretUnusable(problem)
