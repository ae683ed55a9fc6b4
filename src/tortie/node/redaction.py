"""Secrets taken out of texts, by three marks: the name of a field, the place in a URL, the value itself. Pure.

For: the log and the messages of errors, as the last line of defence: who holds a secret does not put it into a text in
the first place. Not for: files and sockets. Only `re` and `urllib` are imported: errors of any command go through here.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import unquote, urlsplit

__all__ = ["HIDDEN", "SECRET_LENGTH_MIN", "is_secret_name", "redact", "secrets_of_environment", "secrets_of_url"]

HIDDEN: Final = "(hidden)"

SECRET_LENGTH_MIN: Final = 4
"""A secret that is shorter is not looked for by its value: it would blot out every text."""

_SECRET_NAME: Final = re.compile(r"passw|passphrase|secret|token|private", re.IGNORECASE)
_SECRET_VARIABLE: Final = re.compile(r"(PASSWORD|PASSPHRASE|SECRET|TOKEN)$")
_PASSWORD_IN_URL: Final = re.compile(r"(?<=://)([^/\s:@]*):[^/\s]*@")


def is_secret_name(name: str) -> bool:
    """Tell whether a field's name says that its value is nobody's business."""
    return _SECRET_NAME.search(name) is not None


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """Return a text without the passwords of URLs, and without these secrets."""
    text = _PASSWORD_IN_URL.sub(rf"\1:{HIDDEN}@", text)
    for secret in secrets:
        if len(secret) >= SECRET_LENGTH_MIN:
            text = text.replace(secret, HIDDEN)
    return text


def secrets_of_url(url: str) -> list[str]:
    """Return the password that a URL names, if any, as it is written and as it is meant."""
    try:
        password = urlsplit(url).password or ""
    except ValueError:
        return []
    return [secret for secret in (password, unquote(password)) if secret]


def secrets_of_environment(environment: Mapping[str, str]) -> list[str]:
    """Return the values of those variables whose names say that they are secret: ETCD_PASSWORD and the like."""
    return [value for name, value in environment.items() if value and _SECRET_VARIABLE.search(name)]
