"""A cluster's certificates and command lines; that etcd takes them is shown by every test that runs one."""

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from tortie.lab.certificates import make_authority
from tortie.lab.etcd_members import EtcdCluster, EtcdMember, client_environment, etcd_command, write_cluster_tls

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def cluster(tmp_path: Path) -> EtcdCluster:
    members = (EtcdMember("e1", "10.0.0.1", 2379, 2380), EtcdMember("e2", "fd00::2", 2379, 2380))
    return EtcdCluster(tmp_path / "etcd", members)


def test_the_url_names_every_member(cluster: EtcdCluster) -> None:
    assert cluster.url == "etcds://10.0.0.1:2379,[fd00::2]:2379"


def test_a_member_s_command_line(cluster: EtcdCluster) -> None:
    program, *options = etcd_command(cluster, cluster.members[1])
    assert program == "etcd"
    expected = {
        "--name=e2",
        f"--data-dir={cluster.folder}/e2",
        "--listen-client-urls=https://[fd00::2]:2379",
        "--initial-cluster=e1=https://10.0.0.1:2380,e2=https://[fd00::2]:2380",
        "--client-cert-auth=true",
        "--peer-client-cert-auth=true",
        f"--trusted-ca-file={cluster.tls}/ca.pem",
        f"--cert-file={cluster.tls}/e2.pem",
        f"--key-file={cluster.tls}/e2-key.pem",
    }
    assert expected <= set(options)
    assert not [option for option in options if "http://" in option]


def test_certificates_and_keys(cluster: EtcdCluster) -> None:
    write_cluster_tls(cluster, make_authority("x", NOW), ["kube-node1"], timedelta(days=2))
    assert stat.S_IMODE(cluster.tls.stat().st_mode) == 0o700
    names = ["ca", "e1", "e2", "kube-node1"]
    assert sorted(path.stem for path in cluster.tls.glob("*.pem") if not path.stem.endswith("-key")) == names
    for key in cluster.tls.glob("*-key.pem"):
        assert stat.S_IMODE(key.stat().st_mode) == 0o600
    client = x509.load_pem_x509_certificate((cluster.tls / "kube-node1.pem").read_bytes())
    assert client.subject.rfc4514_string() == "CN=kube-node1"
    assert client.not_valid_after_utc == NOW + timedelta(days=2)


def test_the_client_s_environment_is_the_document_s(cluster: EtcdCluster) -> None:
    assert client_environment(cluster, "kube-node1") == {
        "ETCD_ENDPOINTS": "https://10.0.0.1:2379,https://[fd00::2]:2379",
        "ETCD_CA_CERT_FILE": f"{cluster.tls}/ca.pem",
        "ETCD_CERT_FILE": f"{cluster.tls}/kube-node1.pem",
        "ETCD_KEY_FILE": f"{cluster.tls}/kube-node1-key.pem",
    }
