"""Where an agent finds the passwords that its intent names: a directory of files, and the datastore's secrets.

For: from a `SecretReference` to a `Password`, or to the reason why there is none. Not for: what becomes of a session
without (`session_passwords`). Nothing of it is written anywhere: the last intent on disk has references only.
Structure to know: `Secrets`.

A file NAME/KEY of the directory goes before the datastore's secret NAME; one that is there and cannot be used is not
passed over.
"""

from collections.abc import Iterable
from pathlib import Path

from tortie.fabric import SecretReference
from tortie.model import SECRET_PREFIX, Secret, is_secret_key
from tortie.node.errors import SecretUnusable
from tortie.node.password_file import PasswordFiles, password_from
from tortie.speaker import Password
from tortie.store import Entry
from tortie.store.resources import decode_entries

__all__ = ["Secrets"]


class Secrets:
    """All passwords that one agent can find.

    Attributes:
        files: those of the directory.
    """

    def __init__(self, directory: Path | None) -> None:
        """Look into a directory too, if there is one; the datastore has said nothing yet."""
        self.files = PasswordFiles()
        self._directory = directory
        self._stored: dict[str, Secret] = {}
        self._bad: dict[str, str] = {}
        self._trouble = "the datastore has not been read yet"

    def take(self, entries: Iterable[Entry]) -> None:
        """The datastore's secrets are these now."""
        decoded = decode_entries(entries)
        self._stored = {each.name: each for each in decoded.resources if isinstance(each, Secret)}
        self._bad = {bad.key.removeprefix(SECRET_PREFIX): bad.reason for bad in decoded.bad_records}
        self._trouble = ""

    def note_trouble(self, text: str) -> None:
        """The datastore is not there: what it said before holds."""
        if self._trouble:
            self._trouble = text

    def password(self, reference: SecretReference) -> Password:
        """Return the password under a reference.

        Raises:
            SecretUnusable: there is none that can be used.
        """
        if self._directory is not None:
            path = _file_of(self._directory, reference)
            if _is_there(path):
                return self.files.read(path)
        return self._from_datastore(reference)

    def _from_datastore(self, reference: SecretReference) -> Password:
        name, key = reference.name, reference.key
        if name in self._bad:
            raise SecretUnusable(self._bad[name])
        secret = self._stored.get(name)
        if secret is None:
            raise SecretUnusable(self._trouble or f"there is no Secret '{name}'")
        content = secret.value(key)
        if content is None:
            raise SecretUnusable(f"Secret '{name}' has no key '{key}'; it has: {', '.join(secret.keys) or 'none'}")
        try:
            return password_from(content)
        except SecretUnusable as error:
            raise SecretUnusable(f"Secret '{name}', key '{key}': {error}") from None


def _is_there(path: Path) -> bool:
    """Whether there is anything by that name: what cannot be looked at is there."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True


def _file_of(directory: Path, reference: SecretReference) -> Path:
    """Return the file of a reference, which comes from a record that others write: no path, only two names."""
    for text in (reference.name, reference.key):
        if not is_secret_key(text):
            raise SecretUnusable(f"{text!r}: expected letters, digits, '-', '_' and '.' in a secret's name and key")
    return directory / reference.name / reference.key
