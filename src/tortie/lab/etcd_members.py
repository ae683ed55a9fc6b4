"""A real etcd cluster on this machine: its certificates, and the command line of each member.

For: the lab's datastore of several members, and tests of the etcd driver. Not here: running the processes (whoever
uses this starts and ends them), or talking to etcd (`tortie.store`).

Structures to know: `EtcdCluster` (where everything is) and, in it, `EtcdMember`. A cluster's folder holds `tls/`
(ca.pem, and NAME.pem with NAME-key.pem for each member and each client) and a data folder for each member.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from tortie.lab.certificates import AUTHORITY_FILE, Authority, write_issued

__all__ = [
    "ETCD_PACKAGE",
    "ETCD_PROGRAM",
    "EtcdCluster",
    "EtcdMember",
    "client_environment",
    "etcd_command",
    "write_cluster_tls",
]

ETCD_PROGRAM: Final = "etcd"
ETCD_PACKAGE: Final = "etcd-server"
"""Debian's package that has the program."""
TLS_FOLDER: Final = "tls"
FOLDER_MODE: Final = 0o700


@dataclass(frozen=True, slots=True)
class EtcdMember:
    """One member: its name, its address, and its ports for clients and for the other members."""

    name: str
    address: str
    client_port: int
    peer_port: int

    @property
    def endpoint(self) -> str:
        """Where clients find it, "host:port"."""
        return _host_and_port(self.address, self.client_port)


@dataclass(frozen=True, slots=True)
class EtcdCluster:
    """Some members and the folder where their data and certificates are; `token` makes its id another one."""

    folder: Path
    members: tuple[EtcdMember, ...]
    token: str = "tortie"

    @property
    def url(self) -> str:
        """The datastore's URL."""
        return f"etcds://{','.join(member.endpoint for member in self.members)}"

    @property
    def tls(self) -> Path:
        """The folder of certificates."""
        return self.folder / TLS_FOLDER

    def data(self, member: EtcdMember) -> Path:
        """Return the folder of a member's data."""
        return self.folder / member.name


def write_cluster_tls(
    cluster: EtcdCluster, authority: Authority, clients: Sequence[str], lifetime: timedelta | None = None
) -> None:
    """Write the authority's certificate, one for each member and one for each client.

    Args:
        cluster: its folder is made if need be.
        authority: issues them.
        clients: names; to etcd the name in a certificate is the name of a user.
        lifetime: of the clients' certificates; None = the authority's usual one.
    """
    cluster.tls.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    (cluster.tls / AUTHORITY_FILE).write_bytes(authority.certificate)
    for member in cluster.members:
        write_issued(cluster.tls, member.name, authority.issue_server(member.name, [member.address], []))
    for client in clients:
        write_issued(cluster.tls, client, authority.issue_client(client, lifetime))


def client_environment(cluster: EtcdCluster, client: str) -> Mapping[str, str]:
    """Return the document's variables for a client of the cluster."""
    return {
        "ETCD_ENDPOINTS": ",".join(f"https://{member.endpoint}" for member in cluster.members),
        "ETCD_CA_CERT_FILE": str(cluster.tls / AUTHORITY_FILE),
        "ETCD_CERT_FILE": str(cluster.tls / f"{client}.pem"),
        "ETCD_KEY_FILE": str(cluster.tls / f"{client}-key.pem"),
    }


def etcd_command(cluster: EtcdCluster, member: EtcdMember) -> list[str]:
    """Return the command line of a member; it runs in the foreground.

    A member without data makes the cluster with the others; one with data goes on with it.
    """
    certificate, key = cluster.tls / f"{member.name}.pem", cluster.tls / f"{member.name}-key.pem"
    authority = cluster.tls / AUTHORITY_FILE
    client_url = f"https://{member.endpoint}"
    options = {
        "name": member.name,
        "data-dir": cluster.data(member),
        "listen-client-urls": client_url,
        "advertise-client-urls": client_url,
        "listen-peer-urls": _peer_url(member),
        "initial-advertise-peer-urls": _peer_url(member),
        "initial-cluster": ",".join(f"{each.name}={_peer_url(each)}" for each in cluster.members),
        "initial-cluster-token": cluster.token,
        "client-cert-auth": "true",
        "cert-file": certificate,
        "key-file": key,
        "trusted-ca-file": authority,
        "peer-client-cert-auth": "true",
        "peer-cert-file": certificate,
        "peer-key-file": key,
        "peer-trusted-ca-file": authority,
        "logger": "zap",
        "log-outputs": "stderr",
        "log-level": "warn",
    }
    return [ETCD_PROGRAM, *(f"--{name}={value}" for name, value in options.items())]


def _peer_url(member: EtcdMember) -> str:
    return f"https://{_host_and_port(member.address, member.peer_port)}"


def _host_and_port(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
