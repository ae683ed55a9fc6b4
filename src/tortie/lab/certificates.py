"""Certificates for a lab's API: one authority, a server certificate a host, a client certificate.

For: the document's curl lines with --cacert, --cert and --key. Not here: serving TLS. Keys are on P-256, their files
have mode 0600; the authority's own key is not kept, so nobody can make another certificate later.
"""

import ipaddress
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

__all__ = [
    "AUTHORITY_FILE",
    "CLIENT_NAME",
    "LIFETIME",
    "SERVER_NAME",
    "Authority",
    "Issued",
    "make_authority",
    "write_certificates",
    "write_issued",
]

LIFETIME: Final = timedelta(days=30)
CLOCK_TOLERANCE: Final = timedelta(hours=1)
AUTHORITY_FILE: Final = "ca.pem"
SERVER_NAME: Final = "server"
CLIENT_NAME: Final = "client"
SECRET_MODE: Final = 0o600


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate and its key, both PEM."""

    certificate: bytes
    key: bytes


class Authority:
    """A certificate authority that lives in memory."""

    def __init__(self, name: str, now: datetime) -> None:
        """Make the authority; `now` is aware of its time zone, and begins the lifetime of all it issues."""
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._now = now
        subject = _name(name)
        builder = (
            self._builder(subject, subject, self._key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_key_usage(is_authority=True), critical=True)
        )
        self._certificate = builder.sign(self._key, hashes.SHA256())

    @property
    def certificate(self) -> bytes:
        """The authority's certificate, PEM."""
        return self._certificate.public_bytes(Encoding.PEM)

    def issue_server(self, name: str, addresses: Sequence[str], host_names: Sequence[str]) -> Issued:
        """Return a server certificate for IP addresses and host names (subject alternative names).

        It is fit for a client's part as well: a server may dial itself.
        """
        alternatives: list[x509.GeneralName] = [x509.IPAddress(ipaddress.ip_address(text)) for text in addresses]
        alternatives.extend(x509.DNSName(text) for text in host_names)
        usages = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        return self._issue(name, usages, x509.SubjectAlternativeName(alternatives))

    def issue_client(self, name: str, lifetime: timedelta | None = None) -> Issued:
        """Return a client certificate whose common name is `name`; it lives as long as the authority, or `lifetime`."""
        return self._issue(name, [ExtendedKeyUsageOID.CLIENT_AUTH], None, lifetime or LIFETIME)

    def _issue(
        self,
        name: str,
        usages: list[x509.ObjectIdentifier],
        alternatives: x509.SubjectAlternativeName | None,
        lifetime: timedelta = LIFETIME,
    ) -> Issued:
        key = ec.generate_private_key(ec.SECP256R1())
        builder = (
            self._builder(_name(name), self._certificate.subject, key.public_key(), lifetime)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(is_authority=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
        )
        if alternatives is not None:
            builder = builder.add_extension(alternatives, critical=False)
        certificate = builder.sign(self._key, hashes.SHA256())
        return Issued(
            certificate=certificate.public_bytes(Encoding.PEM),
            key=key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        )

    def _builder(
        self,
        subject: x509.Name,
        issuer: x509.Name,
        key: ec.EllipticCurvePublicKey,
        lifetime: timedelta = LIFETIME,
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(self._now - CLOCK_TOLERANCE)
            .not_valid_after(self._now + lifetime)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        )


def make_authority(lab: str, now: datetime) -> Authority:
    """Return a new authority for a lab."""
    return Authority(f"tortie lab {lab}", now)


def write_certificates(folder: Path, authority: Authority, addresses: Sequence[str], host_names: Sequence[str]) -> None:
    """Write ca.pem, server.pem, server-key.pem, client.pem and client-key.pem into a folder.

    Args:
        folder: exists already.
        authority: issues them.
        addresses: IP addresses of every API of the lab.
        host_names: names of the hosts with an API.
    """
    (folder / AUTHORITY_FILE).write_bytes(authority.certificate)
    server = authority.issue_server("tortie api", addresses, host_names)
    client = authority.issue_client("calicoctl")
    for name, issued in ((SERVER_NAME, server), (CLIENT_NAME, client)):
        write_issued(folder, name, issued)


def write_issued(folder: Path, name: str, issued: Issued) -> None:
    """Write NAME.pem and NAME-key.pem, in the place of what was there; the key is never readable by others."""
    (folder / f"{name}.pem").write_bytes(issued.certificate)
    key = folder / f"{name}-key.pem"
    key.unlink(missing_ok=True)
    descriptor = os.open(key, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, SECRET_MODE)
    with os.fdopen(descriptor, "wb") as file:
        file.write(issued.key)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _key_usage(*, is_authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not is_authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        encipher_only=False,
        decipher_only=False,
    )
