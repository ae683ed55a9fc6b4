"""Where etcd is and how we are let in: precedence, consistency, and that no secret shows."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tortie.lab.certificates import make_authority
from tortie.store import InvalidRequest, StoreUnavailable, open_store
from tortie.store.etcd_settings import (
    EtcdSettings,
    Secret,
    etcd_settings,
    etcd_warnings,
    expiry_text,
    names_etcd,
    read_tls,
)

NOWHERE = Path("/nonexistent/calicoctl.cfg")
TLS = {"ETCD_CA_CERT_FILE": "/e/ca", "ETCD_CERT_FILE": "/e/cert", "ETCD_KEY_FILE": "/e/key"}
PASSWORD = "wachtwoord-7"

FILE = """
apiVersion: projectcalico.org/v3
kind: CalicoAPIConfig
metadata:
spec:
  datastoreType: "etcdv3"
  etcdEndpoints: "https://f1:2379,https://f2:2379"
  etcdUsername: filer
  etcdPassword: wachtwoord-7
  etcdCACertFile: /f/ca
  etcdCertFile: /f/cert
  etcdKeyFile: /f/key
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "calicoctl.cfg"
    path.write_text(text)
    return path


# ---------------------------------------------------------------- what is given


@pytest.mark.parametrize(
    ("url", "environment", "endpoints", "is_tls"),
    [
        pytest.param("etcd://a:1,b:2", {}, ("a:1", "b:2"), False, id="plain"),
        pytest.param("etcds://a:1", {}, ("a:1",), True, id="tls"),
        pytest.param("etcds://a,a:2379", {}, ("a:2379",), True, id="default port, once"),
        pytest.param("etcd://[fd00::1]:9,[fd00::2]", {}, ("[fd00::1]:9", "[fd00::2]:2379"), False, id="ipv6"),
        pytest.param("etcd://", {"ETCD_ENDPOINTS": "http://e:1"}, ("e:1",), False, id="environment, plain"),
        pytest.param(
            "etcd://", {"ETCD_ENDPOINTS": "https://e:1/, https://f"}, ("e:1", "f:2379"), True, id="environment"
        ),
        pytest.param("etcds://a:1", {"ETCD_ENDPOINTS": "https://e:1"}, ("a:1",), True, id="URL before environment"),
    ],
)
def test_endpoints(url: str, environment: dict[str, str], endpoints: tuple[str, ...], is_tls: bool) -> None:
    settings = etcd_settings(url, environment, NOWHERE)
    assert (settings.endpoints, settings.is_tls) == (endpoints, is_tls)


def test_the_document_s_variables() -> None:
    environment = {"ETCD_ENDPOINTS": "https://e:1", "ETCD_USERNAME": "u", "ETCD_PASSWORD": PASSWORD, **TLS}
    assert etcd_settings("etcd://", environment, NOWHERE) == EtcdSettings(
        endpoints=("e:1",), is_tls=True, username="u", password=PASSWORD,
        ca=Secret(Path("/e/ca")), certificate=Secret(Path("/e/cert")), key=Secret(Path("/e/key")),
    )  # fmt: skip


def test_calicoctl_s_file(tmp_path: Path) -> None:
    file = written(tmp_path, FILE)
    assert names_etcd({}, file)
    settings = etcd_settings("etcd://", {}, file)
    assert (settings.endpoints, settings.username) == (("f1:2379", "f2:2379"), "filer")
    assert settings.key == Secret(Path("/f/key"))


def test_the_environment_s_values_go_before_the_file_s(tmp_path: Path) -> None:
    environment = {"ETCD_USERNAME": "eve", "ETCD_PASSWORD": "other"}
    settings = etcd_settings("etcd://", environment, written(tmp_path, FILE))
    assert (settings.username, settings.password, settings.ca) == ("eve", "other", Secret(Path("/f/ca")))


@pytest.mark.parametrize(
    ("url", "environment"),
    [("etcds://a:1", {}), ("etcd://", {"ETCD_ENDPOINTS": "https://a:1"})],
    ids=["URL", "environment"],
)
def test_the_file_s_secrets_are_not_shown_to_another_cluster(
    tmp_path: Path, url: str, environment: dict[str, str]
) -> None:
    settings = etcd_settings(url, environment, written(tmp_path, FILE))
    assert settings == EtcdSettings(endpoints=("a:1",), is_tls=True)


def test_certificates_in_the_file_itself(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        "kind: CalicoAPIConfig\nspec:\n  etcdEndpoints: https://f:1\n"
        "  etcdCACert: |\n    -----BEGIN CERTIFICATE-----\n",
    )
    assert read_tls(etcd_settings("etcd://", {}, file)).ca == b"-----BEGIN CERTIFICATE-----\n"


@pytest.mark.parametrize("kind", ["kubernetes", "somethingelse"])
def test_a_file_of_another_datastore_says_nothing(tmp_path: Path, kind: str) -> None:
    file = written(tmp_path, f"kind: CalicoAPIConfig\nspec:\n  datastoreType: {kind}\n  etcdEndpoints: https://f:1\n")
    assert not names_etcd({}, file)


def test_no_file_and_no_variable_is_not_etcd() -> None:
    assert not names_etcd({}, NOWHERE)
    assert names_etcd({"ETCD_ENDPOINTS": "http://e:1"}, NOWHERE)


# ---------------------------------------------------------------- what is wrong


@pytest.mark.parametrize(
    ("url", "environment", "text"),
    [
        pytest.param("etcd://", {}, "names no etcd endpoint", id="nothing"),
        pytest.param("etcd://", {"ETCD_ENDPOINTS": "e:1"}, "expected http:// or https://", id="no scheme"),
        pytest.param("etcd://", {"ETCD_ENDPOINTS": "http://a,https://b"}, "one or the other", id="both schemes"),
        pytest.param("etcd://", {"ETCD_ENDPOINTS": "unix://a"}, "expected http:// or https://", id="other scheme"),
        pytest.param(
            "etcd://", {"ETCD_AUTHORITY": "e:1"}, "ETCD_AUTHORITY is set: it is not supported", id="authority"
        ),
        pytest.param("etcd://", {"ETCD_DISCOVERY_SRV": "x.org"}, "ETCD_DISCOVERY_SRV is set", id="discovery"),
        pytest.param("etcds://a:99999", {}, "expected host:port", id="port"),
        pytest.param("etcds://a:1,,b:1", {}, "expected host:port", id="empty"),
        pytest.param("etcds://fd00::1", {}, "an IPv6 address in brackets", id="bare ipv6"),
        pytest.param("etcds://a:1/path", {}, "expected host:port", id="path"),
        pytest.param("etcd://a:1", TLS, "certificates are given, but the endpoints are http", id="plain with TLS"),
        pytest.param("etcds://a:1", {"ETCD_CERT_FILE": "/c"}, "needs its key", id="certificate without key"),
        pytest.param("etcds://a:1", {"ETCD_KEY_FILE": "/k"}, "go together", id="key without certificate"),
        pytest.param("etcds://a:1", {"ETCD_USERNAME": "u"}, "needs a password", id="user without password"),
        pytest.param("etcds://a:1", {"ETCD_PASSWORD": PASSWORD}, "go together", id="password without user"),
        pytest.param(f"etcds://u:{PASSWORD}@a:1", {}, "no user and password in an endpoint", id="password in the URL"),
    ],
)
def test_refused(url: str, environment: dict[str, str], text: str) -> None:
    with pytest.raises(InvalidRequest, match=text) as caught:
        etcd_settings(url, environment, NOWHERE)
    assert PASSWORD not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        pytest.param("{", "is not YAML", id="no YAML"),
        pytest.param("kind: Node\nspec: {}", "expected kind CalicoAPIConfig", id="other kind"),
        pytest.param("[]", "expected kind CalicoAPIConfig", id="no object"),
        pytest.param("kind: CalicoAPIConfig\nspec: {etcdEndpoints: [a]}", "etcdEndpoints: expected a text", id="list"),
    ],
)
def test_a_file_that_cannot_be_used(tmp_path: Path, content: str, text: str) -> None:
    file = written(tmp_path, content)
    with pytest.raises(InvalidRequest, match=text) as caught:
        names_etcd({}, file)
    assert str(file) in str(caught.value)


def test_the_password_is_in_no_representation() -> None:
    environment = {"ETCD_USERNAME": "u", "ETCD_PASSWORD": PASSWORD}
    assert PASSWORD not in repr(etcd_settings("etcds://a:1", environment, NOWHERE))


def test_a_key_that_others_can_read_is_a_warning(tmp_path: Path) -> None:
    key = tmp_path / "key.pem"
    key.write_text("-----BEGIN PRIVATE KEY-----\n")
    key.chmod(0o640)
    settings = EtcdSettings(("a:1",), is_tls=True, certificate=Secret(key), key=Secret(key))
    assert etcd_warnings(settings) == [f"the key file {key} can be read by others than its owner: chmod 600 {key}"]
    key.chmod(0o600)
    assert etcd_warnings(settings) == []


def test_opening_hands_the_warning_on(tmp_path: Path) -> None:
    key = tmp_path / "key.pem"
    key.touch(0o644)
    said: list[str] = []
    open_store(
        "etcds://a:1", on_warning=said.append, environment={"ETCD_CERT_FILE": str(key), "ETCD_KEY_FILE": str(key)}
    )
    assert len(said) == 1


# ---------------------------------------------------------------- certificates


@pytest.mark.parametrize(
    ("content", "text"),
    [
        pytest.param(None, "client key .*cannot be read: No such file", id="missing"),
        pytest.param("-----BEGIN CERTIFICATE-----", "is not what it should be: expected PEM", id="no key"),
        pytest.param("-----BEGIN ENCRYPTED PRIVATE KEY-----", "is encrypted", id="encrypted"),
    ],
)
def test_a_key_that_cannot_be_used(tmp_path: Path, content: str | None, text: str) -> None:
    key = tmp_path / "key.pem"
    if content is not None:
        key.write_text(content)
    with pytest.raises(StoreUnavailable, match=text):
        read_tls(EtcdSettings(("a:1",), is_tls=True, key=Secret(key)))


def test_what_is_said_of_a_certificate_out_of_its_time(tmp_path: Path) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    issued = make_authority("x", now).issue_client("c", timedelta(days=2))
    path = tmp_path / "c.pem"
    path.write_bytes(issued.certificate)
    data = read_tls(EtcdSettings(("a:1",), is_tls=True, certificate=Secret(path)))
    assert expiry_text(data, now) == ""
    late = expiry_text(data, now + timedelta(days=3))
    assert late == "the client certificate expired on 2026-01-03 00:00:00 UTC"
    assert "is valid only from" in expiry_text(data, now - timedelta(days=3))
