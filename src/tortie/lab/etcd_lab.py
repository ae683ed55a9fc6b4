"""A lab whose datastore is etcd: which hosts have a member, where everything lies, what runs.

For: `--etcd N` of `lab up` and `lab run`. Not here: a cluster's command lines and certificates (etcd_members.py), the
other processes of the lab (commands.py), what is written into the datastore (datastore.py).

Members listen beside the API, whose port is the document's 2379. Resources and addresses are written into the SQLite
file first, as in every lab, before there is a host that a member could run on; the task `FILLING` then takes them into
etcd, and the file away. Structure to know: `EtcdCluster`.
"""

from dataclasses import replace
from typing import Final

from tortie.lab.errors import EtcdImpossible
from tortie.lab.etcd_members import EtcdCluster, EtcdMember, client_environment, etcd_command
from tortie.lab.paths import DATASTORE_INSIDE, ETCD_INSIDE, datastore_url
from tortie.lab.plan import FILLING, ProcessPlan, Stage
from tortie.lab.topology import Topology

__all__ = [
    "CLIENT",
    "CLIENT_PORT",
    "MEMBER_COUNTS",
    "datastore_environment",
    "etcd_cluster",
    "etcd_plans",
    "lab_datastore",
    "member_process",
    "with_etcd",
]

CLIENT_PORT: Final = 2479
PEER_PORT: Final = 2480
MEMBER_COUNTS: Final = (1, 3)
CLIENT: Final = "calico"
"""Name in the certificate of everything in the lab that asks etcd."""


def with_etcd(topology: Topology, count: int) -> Topology:
    """Return a topology whose datastore is etcd, with members on its first nodes.

    Raises:
        EtcdImpossible: it has too few nodes with IPv4.
    """
    nodes = [host.name for host in topology.nodes if host.role == "node" and host.address(4) and not host.is_optional]
    if len(nodes) < count:
        raise EtcdImpossible(topology.name, count, nodes)
    return replace(topology, etcd_hosts=tuple(nodes[:count]))


def etcd_cluster(topology: Topology) -> EtcdCluster | None:
    """Return the cluster as hosts see it; None where the datastore is a file."""
    members = (
        EtcdMember(name, topology.host(name).address(4) or "", CLIENT_PORT, PEER_PORT) for name in topology.etcd_hosts
    )
    return EtcdCluster(ETCD_INSIDE, tuple(members), f"lab-{topology.name}") if topology.etcd_hosts else None


def lab_datastore(topology: Topology) -> str:
    """Return the URL of a lab's datastore, as hosts see it."""
    cluster = etcd_cluster(topology)
    return datastore_url(DATASTORE_INSIDE) if cluster is None else cluster.url


def datastore_environment(topology: Topology) -> dict[str, str]:
    """Return the variables that name the datastore to every command on a host; for etcd the document's."""
    cluster = etcd_cluster(topology)
    if cluster is None:
        return {"TORTIE_DATASTORE": datastore_url(DATASTORE_INSIDE)}
    return dict(client_environment(cluster, CLIENT))


def member_process(host: str) -> str:
    """Return the name of a member among the lab's processes."""
    return f"{host}/etcd"


def etcd_plans(topology: Topology, environment: dict[str, str], copy: tuple[str, ...]) -> tuple[ProcessPlan, ...]:
    """Return the members and the task that fills them; none where the datastore is a file.

    Args:
        topology: any.
        environment: of processes on hosts.
        copy: command line of the task.
    """
    cluster = etcd_cluster(topology)
    if cluster is None:
        return ()
    own = {name: text for name, text in environment.items() if not name.startswith("ETCD_")}  # options of etcd's own
    members = (
        ProcessPlan(
            name=member_process(member.name),
            host=member.name,
            arguments=tuple(etcd_command(cluster, member)),
            environment=own,
            log=f"hosts/{member.name}/log/etcd.log",
            ready_port=(member.address, member.client_port),
            stage=Stage.DATASTORE,
        )
        for member in cluster.members
    )
    filling = ProcessPlan(
        name=FILLING,
        host=cluster.members[0].name,
        arguments=copy,
        environment=environment,
        log="filling.log",
        stage=Stage.FILLING,
    )
    return (*members, filling)
