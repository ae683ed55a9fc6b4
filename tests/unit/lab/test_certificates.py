"""Certificates of a lab's API: who is believed, for what, and who can read the keys."""

import ssl
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID

from tortie.lab.certificates import LIFETIME, make_authority, write_certificates

NOW = datetime.now(UTC).replace(microsecond=0)
ADDRESS = "10.10.31.190"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_certificates(tmp_path, make_authority("seed", NOW), [ADDRESS, "fd00::1"], ["kube-master"])
    return tmp_path


def certificate(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def shake_hands(server: ssl.SSLContext, client: ssl.SSLContext, name: str) -> tuple[ssl.SSLObject, ssl.SSLObject]:
    """Join two TLS ends in memory until both are through; returns (client's, server's)."""
    wires = [ssl.MemoryBIO() for _ in range(4)]
    ends = [
        client.wrap_bio(wires[0], wires[1], server_hostname=name),
        server.wrap_bio(wires[2], wires[3], server_side=True),
    ]
    waiting = {0, 1}
    for _ in range(10):
        for index in sorted(waiting):
            try:
                ends[index].do_handshake()
                waiting.discard(index)
            except ssl.SSLWantReadError:
                pass
        wires[2].write(wires[1].read())
        wires[0].write(wires[3].read())
        if not waiting:
            return ends[0], ends[1]
    raise AssertionError("no end to the handshake")


def contexts(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(folder / "ca.pem"))
    server.load_cert_chain(folder / "server.pem", folder / "server-key.pem")
    server.verify_mode = ssl.CERT_REQUIRED
    client = ssl.create_default_context(cafile=str(folder / "ca.pem"))
    client.load_cert_chain(folder / "client.pem", folder / "client-key.pem")
    return server, client


def test_both_ends_believe_one_another(folder: Path) -> None:
    server, client = contexts(folder)
    _, served = shake_hands(server, client, ADDRESS)
    found = served.getpeercert()
    assert found is not None
    assert found["subject"] == ((("commonName", "calicoctl"),),)


def test_another_address_is_not_believed(folder: Path) -> None:
    server, client = contexts(folder)
    with pytest.raises(ssl.SSLCertVerificationError, match=r"10\.10\.31\.191"):
        shake_hands(server, client, "10.10.31.191")


def test_another_labs_client_is_not_believed(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("other")
    write_certificates(other, make_authority("other", NOW), [ADDRESS], [])
    server, _ = contexts(folder)
    stranger = ssl.create_default_context(cafile=str(folder / "ca.pem"))
    stranger.load_cert_chain(other / "client.pem", other / "client-key.pem")
    with pytest.raises(ssl.SSLError):
        shake_hands(server, stranger, ADDRESS)


def test_server_certificate_names_addresses_and_hosts(folder: Path) -> None:
    found = certificate(folder / "server.pem").extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(item) for item in found.get_values_for_type(x509.IPAddress)] == [ADDRESS, "fd00::1"]
    assert found.get_values_for_type(x509.DNSName) == ["kube-master"]


@pytest.mark.parametrize(
    ("name", "usages"),
    [
        ("server", {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH}),
        ("client", {ExtendedKeyUsageOID.CLIENT_AUTH}),
    ],
)
def test_usages(folder: Path, name: str, usages: set[x509.ObjectIdentifier]) -> None:
    found = certificate(folder / f"{name}.pem").extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert set(found) == usages


@pytest.mark.parametrize("name", ["ca", "server", "client"])
def test_lifetime_begins_a_little_before_now(folder: Path, name: str) -> None:
    found = certificate(folder / f"{name}.pem")
    assert found.not_valid_before_utc == NOW - timedelta(hours=1)
    assert found.not_valid_after_utc == NOW + LIFETIME


@pytest.mark.parametrize("name", ["server-key.pem", "client-key.pem"])
def test_keys_are_p256_and_for_nobody_else(folder: Path, name: str) -> None:
    path = folder / name
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    key = load_pem_private_key(path.read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    assert key.curve.name == "secp256r1"


def test_the_authoritys_key_is_not_kept(folder: Path) -> None:
    assert sorted(path.name for path in folder.iterdir()) == [
        "ca.pem", "client-key.pem", "client.pem", "server-key.pem", "server.pem",
    ]  # fmt: skip
