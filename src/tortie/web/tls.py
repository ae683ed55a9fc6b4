"""TLS for `tortie api`: who may talk to it is decided by client certificates.

What it is for: `TLSFiles`, the three files an operator knows from etcd, and the server context made of
them. What it is not for: making certificates.
"""

import ssl
from dataclasses import dataclass
from pathlib import Path

from tortie.web.errors import TLSFilesInvalid

__all__ = ["TLSFiles", "server_context"]


@dataclass(frozen=True, slots=True)
class TLSFiles:
    """PEM files of a server.

    Attributes:
        ca_cert_file: authorities whose client certificates are accepted.
        cert_file: the server's certificate, with its chain.
        key_file: its private key, not encrypted.
    """

    ca_cert_file: Path
    cert_file: Path
    key_file: Path


def server_context(files: TLSFiles) -> ssl.SSLContext:
    """Return a context that demands a client certificate of every caller; TLS 1.2 or later.

    Raises:
        TLSFilesInvalid: naming the file that is missing, unreadable or wrong.
    """
    for name in ("ca_cert_file", "cert_file", "key_file"):
        _check_readable(getattr(files, name))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_mode = ssl.CERT_REQUIRED
    try:
        context.load_cert_chain(files.cert_file, files.key_file, password=_no_password)
    except (ssl.SSLError, ValueError) as error:
        raise TLSFilesInvalid(
            f"certificate {files.cert_file} with key {files.key_file}: expected PEM files that belong together, "
            f"the key not encrypted ({_reason(error)})"
        ) from error
    try:
        context.load_verify_locations(files.ca_cert_file)
    except ssl.SSLError as error:
        raise TLSFilesInvalid(
            f"CA certificate {files.ca_cert_file}: expected PEM certificates ({_reason(error)})"
        ) from error
    return context


def _check_readable(path: Path) -> None:
    try:
        path.open("rb").close()
    except OSError as error:
        raise TLSFilesInvalid(f"TLS file {path}: {error.strerror}", error.errno) from error


def _no_password() -> str:
    raise ValueError("the key is encrypted")


def _reason(error: Exception) -> str:
    return getattr(error, "reason", None) or str(error)
