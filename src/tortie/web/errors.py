"""Errors of the web face.

    WebError
    ├── KeysError        a request for /v2/keys that etcd would refuse too, or whose value makes no sense; becomes
    │                    etcd's error reply
    ├── ListenFailed     the address cannot be listened on: in use, not ours, not allowed
    ├── AccessInvalid    grants or tokens cannot be used as they were given
    └── TLSFilesInvalid  a certificate or key file is missing, or does not fit

Not here: errors of the datastore (`tortie.store.errors`); `keys.py` turns them into replies.
"""

from http import HTTPStatus
from typing import Final

__all__ = ["ERROR_MESSAGES", "AccessInvalid", "KeysError", "ListenFailed", "TLSFilesInvalid", "WebError"]

ERROR_MESSAGES: Final = {
    100: "Key not found",
    101: "Compare failed",
    102: "Not a file",
    104: "Not a directory",
    105: "Key already exists",
    107: "Root is read only",
    108: "Directory not empty",
    201: "PrevValue is Required in POST form",
    202: "The given TTL in POST form is not a number",
    203: "The given index in POST form is not a number",
    209: "Invalid field",
    210: "Invalid POST form",
    300: "Raft Internal Error",
}
"""etcd v2's error codes and its words for them (those that are used here)."""

_STATUS: Final = {
    100: HTTPStatus.NOT_FOUND,
    101: HTTPStatus.PRECONDITION_FAILED,
    102: HTTPStatus.FORBIDDEN,
    105: HTTPStatus.PRECONDITION_FAILED,
    108: HTTPStatus.FORBIDDEN,
    300: HTTPStatus.INTERNAL_SERVER_ERROR,
}
"""HTTP status of an error code, as in etcd; 400 for all others."""


class WebError(Exception):
    """Base of everything that the web face raises."""


class KeysError(WebError):
    """A request for /v2/keys that is refused; nothing was changed.

    Attributes:
        code: etcd v2's error code, a key of ERROR_MESSAGES.
        cause: which key, value or field, and what was expected.
        index: the datastore's revision; 0 where it was not asked.
        status: HTTP status.
    """

    def __init__(self, code: int, cause: str, index: int = 0, status: HTTPStatus | None = None) -> None:
        """Keep what goes into the reply; `status` overrides the one that belongs to the code."""
        super().__init__(f"{ERROR_MESSAGES[code]}: {cause}")
        self.code = code
        self.cause = cause
        self.index = index
        self.status = status or _STATUS.get(code, HTTPStatus.BAD_REQUEST)


class AccessInvalid(WebError):
    """A grant, a token's name or the file of tokens cannot be used. The message names it."""


class ListenFailed(WebError):
    """The address cannot be listened on. The message names address and port, the reason, and what to do.

    Attributes:
        errno: what the system said; None where it was not asked.
    """

    def __init__(self, message: str, errno: int | None = None) -> None:
        """Keep the message and the system's error number."""
        super().__init__(message)
        self.errno = errno


class TLSFilesInvalid(WebError):
    """A certificate or key file is missing, unreadable, or does not fit the others. The message names it.

    Attributes:
        errno: what the system said; None where the file was read.
    """

    def __init__(self, message: str, errno: int | None = None) -> None:
        """Keep the message and the system's error number."""
        super().__init__(message)
        self.errno = errno
