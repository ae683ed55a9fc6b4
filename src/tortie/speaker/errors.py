"""Errors of the speaker.

SpeakerError
├── ListenFailed         an address cannot be listened on: in use, not ours, or missing rights
└── WatchFileUnusable    a recording or MRT file cannot be made
"""

import errno
from pathlib import Path

__all__ = ["ListenFailed", "SpeakerError", "WatchFileUnusable"]

_REMEDIES = {
    errno.EADDRINUSE: "another process listens there; `ss -ltnp 'sport = :{port}'` names it",
    errno.EACCES: "ports below 1024 need CAP_NET_BIND_SERVICE or root; another port goes without",
    errno.EADDRNOTAVAIL: "no interface of this host has that address; `ip address` lists them",
}


class SpeakerError(Exception):
    """Base of every error of the speaker."""


class ListenFailed(SpeakerError):
    """An address cannot be listened on.

    Attributes:
        address, port: where.
        errno: why, as the system says it.
    """

    def __init__(self, address: str, port: int, error: OSError) -> None:
        """Name the place, the reason and the remedy."""
        remedy = _REMEDIES.get(error.errno or 0, "").format(port=port)
        reason = error.strerror or str(error)
        super().__init__(f"cannot listen on {address} port {port}: {reason}" + (f" ({remedy})" if remedy else ""))
        self.address = address
        self.port = port
        self.errno = error.errno


class WatchFileUnusable(SpeakerError):
    """A file that was asked for, a recording or MRT, cannot be made.

    Attributes:
        errno: why, as the system says it.
    """

    def __init__(self, path: Path, error: OSError) -> None:
        """Name the file and the reason."""
        super().__init__(f"cannot write {path}: {error.strerror or error}")
        self.errno = error.errno
