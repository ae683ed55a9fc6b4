"""TLS for `tortie api`: who may talk to it is decided by client certificates, or by tokens (`access.py`).

What it is for: `TLSFiles`, the three files an operator knows from etcd, and the server context made of
them. What it is not for: making certificates, and what the owner of one may do.
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
        ca_cert_file: authorities whose client certificates are accepted; None = no certificates are asked for.
        are_clients_asked_only: a client may come without a certificate, and show a token instead.
        cert_file: the server's certificate, with its chain.
        key_file: its private key, not encrypted.
    """

    ca_cert_file: Path | None
    cert_file: Path
    key_file: Path
    are_clients_asked_only: bool = False


def server_context(files: TLSFiles) -> ssl.SSLContext:
    """Return a context that asks for client certificates, by default of every caller; TLS 1.2 or later.

    Raises:
        TLSFilesInvalid: naming the file that is missing, unreadable or wrong.
    """
    for path in (files.ca_cert_file, files.cert_file, files.key_file):
        if path is not None:
            _check_readable(path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(files.cert_file, files.key_file, password=_no_password)
    except (ssl.SSLError, ValueError) as error:
        raise TLSFilesInvalid(
            f"certificate {files.cert_file} with key {files.key_file}: expected PEM files that belong together, "
            f"the key not encrypted ({_reason(error)})"
        ) from error
    if files.ca_cert_file is None:
        return context
    context.verify_mode = ssl.CERT_OPTIONAL if files.are_clients_asked_only else ssl.CERT_REQUIRED
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
