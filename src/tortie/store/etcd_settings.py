"""Where etcd is and how to be let in: from a URL, the document's variables, or calicoctl's file.

What it is for: `etcd_settings` puts together what an etcd client needs and says what is wrong with it; `read_tls`
reads the certificates, anew for each connection, so that renewed files count without a restart. What it is not for:
connecting (`etcd_client.py`). Passwords and keys are never in a message, nor in a `repr`.

Precedence: the URL's endpoints; else ETCD_ENDPOINTS; else calicoctl's file. The file is read only when neither of
the others names endpoints: its user and certificates are never shown to a cluster that it does not name.

The structures to know: `EtcdSettings` and, in it, `Secret` (a file to be read, or what the file would hold).
"""

import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from tortie.store.errors import InvalidRequest, StoreUnavailable

__all__ = [
    "CALICOCTL_FILE",
    "EtcdSettings",
    "Secret",
    "TLSData",
    "etcd_settings",
    "etcd_warnings",
    "expiry_text",
    "names_etcd",
    "read_tls",
]

CALICOCTL_FILE: Final = Path("/etc/calico/calicoctl.cfg")
ENDPOINTS_VARIABLE: Final = "ETCD_ENDPOINTS"
UNSUPPORTED_VARIABLES: Final = ("ETCD_AUTHORITY", "ETCD_DISCOVERY_SRV")
DEFAULT_PORT: Final = 2379
FILE_BYTES_MAX: Final = 1 << 20
"""Largest certificate, key or calicoctl file that is read; a larger one is refused."""

VARIABLE_BY_FIELD: Final = {
    "etcdEndpoints": ENDPOINTS_VARIABLE,
    "etcdUsername": "ETCD_USERNAME",
    "etcdPassword": "ETCD_PASSWORD",
    "etcdCACertFile": "ETCD_CA_CERT_FILE",
    "etcdCertFile": "ETCD_CERT_FILE",
    "etcdKeyFile": "ETCD_KEY_FILE",
}
"""Field of calicoctl's file → variable that says the same."""


@dataclass(frozen=True, slots=True)
class Secret:
    """A certificate or key: where its file is, or, from calicoctl's file, its text. One of both."""

    path: Path | None = None
    text: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class EtcdSettings:
    """What an etcd client needs.

    Attributes:
        endpoints: "host:port" each, an IPv6 address in brackets; at least one.
        is_tls: https; certificates count only then.
        ca, certificate, key: None = not given. Without `ca` the certificate authorities that gRPC knows are believed.
        username: "" = none.
        password: goes with the user name.
    """

    endpoints: tuple[str, ...]
    is_tls: bool
    ca: Secret | None = None
    certificate: Secret | None = None
    key: Secret | None = None
    username: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class TLSData:
    """What TLS needs, PEM; None where nothing was given."""

    ca: bytes | None
    certificate: bytes | None
    key: bytes | None = field(repr=False)


def names_etcd(environment: Mapping[str, str], file: Path = CALICOCTL_FILE) -> bool:
    """Tell whether the environment, or else calicoctl's file, says that the datastore is etcd.

    Raises:
        InvalidRequest: they say so in a way that is not understood, or the file cannot be read.
    """
    return bool(_variable(environment, ENDPOINTS_VARIABLE)) or bool(_file_spec(file).get("etcdEndpoints"))


def etcd_settings(url: str, environment: Mapping[str, str], file: Path = CALICOCTL_FILE) -> EtcdSettings:
    """Return the settings for a datastore URL.

    Args:
        url: `etcd://host:port,host:port` (plain), `etcds://host:port,host:port` (TLS), or `etcd://`: wherever the
            environment or calicoctl's file says.
        environment: variables, the document's.
        file: calicoctl's.

    Raises:
        InvalidRequest: something is missing or contradicts something else.
    """
    scheme, _, hosts = url.partition("://")
    values = {name: environment.get(variable, "") for name, variable in VARIABLE_BY_FIELD.items()}
    if hosts:
        origin = f"datastore URL {scheme}://"
        endpoints = [f"{'https' if scheme == 'etcds' else 'http'}://{host}" for host in hosts.split(",")]
    elif text := _variable(environment, ENDPOINTS_VARIABLE):
        origin, endpoints = ENDPOINTS_VARIABLE, text.split(",")
    else:
        spec = _file_spec(file)
        if not spec.get("etcdEndpoints"):
            raise InvalidRequest(
                f"datastore URL {url!r} names no etcd endpoint, and neither do {ENDPOINTS_VARIABLE} and {file}: "
                f"expected e.g. {ENDPOINTS_VARIABLE}=https://10.0.0.1:2379,https://10.0.0.2:2379"
            )
        origin, endpoints = f"{file}: etcdEndpoints", spec["etcdEndpoints"].split(",")
        values = {**spec, **{name: value for name, value in values.items() if value}}
    return _settings(origin, [endpoint.strip() for endpoint in endpoints], values)


def etcd_warnings(settings: EtcdSettings) -> list[str]:
    """Return what is not wrong but should be put right: a key that others can read."""
    path = settings.key.path if settings.key else None
    try:
        is_open = path is not None and bool(path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO))
    except OSError:  # that it is missing is said by whoever reads it
        return []
    return [f"the key file {path} can be read by others than its owner: chmod 600 {path}"] if is_open else []


def read_tls(settings: EtcdSettings) -> TLSData:
    """Read certificates and key as they are now.

    Raises:
        StoreUnavailable: a file cannot be read, or holds something else.
    """
    return TLSData(
        ca=_read(settings.ca, "the CA certificate", b"CERTIFICATE-----"),
        certificate=_read(settings.certificate, "the client certificate", b"CERTIFICATE-----"),
        key=_read(settings.key, "the client key", b"PRIVATE KEY-----"),
    )


def expiry_text(data: TLSData, now: datetime) -> str:
    """Return what is to be said of certificates that are not valid now; "" when all are."""
    return "; ".join(
        text
        for name, pem in (("client", data.certificate), ("CA", data.ca))
        if pem is not None and (text := _expiry(name, pem, now))
    )


# ---------------------------------------------------------------- endpoints and consistency


def _settings(origin: str, endpoints: list[str], values: Mapping[str, str]) -> EtcdSettings:
    schemes = {endpoint.partition("://")[0] for endpoint in endpoints}
    if not schemes <= {"http", "https"} or not all("://" in endpoint for endpoint in endpoints):
        raise InvalidRequest(f"{origin} {','.join(endpoints)!r}: expected http:// or https:// before each endpoint")
    if len(schemes) > 1:
        raise InvalidRequest(f"{origin} {','.join(endpoints)!r}: http and https together: one or the other for all")
    is_tls = schemes == {"https"}
    settings = EtcdSettings(
        endpoints=tuple(dict.fromkeys(_host_and_port(origin, endpoint) for endpoint in endpoints)),
        is_tls=is_tls,
        ca=_secret(values, "etcdCACert"),
        certificate=_secret(values, "etcdCert"),
        key=_secret(values, "etcdKey"),
        username=values.get("etcdUsername", ""),
        password=values.get("etcdPassword", ""),
    )
    _check(origin, settings)
    return settings


def _check(origin: str, settings: EtcdSettings) -> None:
    given = settings.ca or settings.certificate or settings.key
    if given and not settings.is_tls:
        raise InvalidRequest(
            f"{origin}: certificates are given, but the endpoints are http: expected https (etcds:// in a URL), "
            "or no certificates (ETCD_CA_CERT_FILE, ETCD_CERT_FILE, ETCD_KEY_FILE)"
        )
    if bool(settings.certificate) != bool(settings.key):
        raise InvalidRequest(
            f"{origin}: a client certificate needs its key: ETCD_CERT_FILE and ETCD_KEY_FILE go together"
        )
    if bool(settings.username) != bool(settings.password):
        raise InvalidRequest(f"{origin}: a user needs a password: ETCD_USERNAME and ETCD_PASSWORD go together")


def _host_and_port(origin: str, endpoint: str) -> str:
    rest = endpoint.partition("://")[2].rstrip("/")
    if "@" in rest:  # not repeated in the message: what stands before the @ is a password
        raise InvalidRequest(f"{origin}: no user and password in an endpoint: set ETCD_USERNAME and ETCD_PASSWORD")
    host, colon, port = rest.rpartition(":")
    if not colon or rest.endswith("]"):
        host, port = rest, str(DEFAULT_PORT)
    is_port = port.isascii() and port.isdigit() and 0 < int(port) < 1 << 16
    is_host = bool(host) and not set(host) & set("/?# ") and (":" not in host or host[0] + host[-1] == "[]")
    if not is_port or not is_host:
        raise InvalidRequest(f"{origin}: endpoint {endpoint!r}: expected host:port, an IPv6 address in brackets")
    return f"{host}:{port}"


def _secret(values: Mapping[str, str], name: str) -> Secret | None:
    if path := values.get(f"{name}File"):
        return Secret(path=Path(path))
    return Secret(text=values[name]) if values.get(name) else None


def _variable(environment: Mapping[str, str], name: str) -> str:
    """Return what names the endpoints; older ways of naming them are refused rather than passed over."""
    value = environment.get(name, "")
    for old in UNSUPPORTED_VARIABLES:
        if environment.get(old) and not value:
            raise InvalidRequest(f"{old} is set: it is not supported; name the endpoints in {name}")
    return value


# ---------------------------------------------------------------- calicoctl's file


def _file_spec(file: Path) -> dict[str, str]:
    """Return the texts in calicoctl's file; empty when there is none or it is of another datastore."""
    import yaml  # noqa: PLC0415 - only who has such a file needs it

    try:
        with file.open("rb") as opened:
            content = yaml.safe_load(opened.read(FILE_BYTES_MAX))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise InvalidRequest(f"{file}: cannot be read: {error.strerror}; --datastore names a datastore") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InvalidRequest(f"{file}: is not YAML; expected a CalicoAPIConfig") from error
    spec: Any = content.get("spec") if isinstance(content, dict) else None
    if not isinstance(spec, dict) or content.get("kind") not in ("CalicoAPIConfig", "calicoApiConfig"):
        raise InvalidRequest(f"{file}: expected kind CalicoAPIConfig with a spec")
    if spec.get("datastoreType", "etcdv3") not in ("etcdv3", "etcdv2"):
        return {}
    texts = {name: value for name, value in spec.items() if name.startswith("etcd") and value is not None}
    wrong = [name for name, value in texts.items() if not isinstance(value, str)]
    if wrong:
        raise InvalidRequest(f"{file}: {wrong[0]}: expected a text")
    return texts


# ---------------------------------------------------------------- certificates


def _read(secret: Secret | None, what: str, mark: bytes) -> bytes | None:
    if secret is None:
        return None
    name = f"{what} {secret.path}" if secret.path else f"{what} in calicoctl's file"
    try:
        data = secret.path.read_bytes()[:FILE_BYTES_MAX] if secret.path else secret.text.encode()
    except OSError as error:
        raise StoreUnavailable(f"etcd: {name} cannot be read: {error.strerror}") from error
    if b"ENCRYPTED" in data:
        raise StoreUnavailable(f"etcd: {name} is encrypted: expected one without a passphrase")
    if mark not in data:
        raise StoreUnavailable(f"etcd: {name} is not what it should be: expected PEM with {mark.decode()[:-5]}")
    return data


def _expiry(name: str, pem: bytes, now: datetime) -> str:
    from cryptography import x509  # noqa: PLC0415 - only when something is wrong

    try:
        certificates = x509.load_pem_x509_certificates(pem)
    except ValueError:
        return f"the {name} certificate cannot be decoded"
    for certificate in certificates:
        if now > certificate.not_valid_after_utc:
            return f"the {name} certificate expired on {_day(certificate.not_valid_after_utc)}"
        if now < certificate.not_valid_before_utc:
            return f"the {name} certificate is valid only from {_day(certificate.not_valid_before_utc)}"
    return ""


def _day(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
