"""`tortie import etcd2-dump` against the real thing: an etcd with its v2 store, written to and dumped by curl.

The keys are those of the document's cluster as calicoctl v1 and calico/node v2.6 left them, the reflector's record and
the dump by the very lines of the document and of docs/import.md. What a node is to do is then computed from the import.
"""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from support.etcd import CLIENT, Members, running_members
from tortie.fabric import node_intent, reflector_intent
from tortie.fabric.resources import Fabric
from tortie.model import Resource
from tortie.store import decode_entry, open_store

REFLECTOR: Final = "10.10.31.168"
NODES: Final = {
    "kube-master": ("10.10.31.190", "192.168.40.64-26"),
    "kube-node1": ("10.10.31.193", "192.168.95.0-26"),
    "kube-node2": ("10.10.31.194", "192.168.95.192-26"),
}
WORKLOAD: Final = {
    "state": "active",
    "name": "cali4d703bd29e4",
    "mac": "ee:ee:ee:ee:ee:ee",
    "profile_ids": ["kns.default"],
    "ipv4_nets": ["192.168.95.1/32"],
    "ipv6_nets": [],
}
GLOBAL: Final = {
    "bgp/v1/global/as_num": "64513",
    "bgp/v1/global/node_mesh": '{"enabled":false}',
    f"bgp/v1/global/peer_v4/{REFLECTOR}": f'{{"ip":"{REFLECTOR}","as_num":"64513"}}',
    "v1/ipam/v4/pool/192.168.0.0-16": (
        '{"cidr":"192.168.0.0/16","ipip":"","ipip_mode":"","masquerade":true,"ipam":true,"disabled":false}'
    ),
    "v1/Ready": "true",
}
RECORD: Final = (
    "curl --cacert {tls}/ca.pem --cert {tls}/{client}.pem --key {tls}/{client}-key.pem -L "
    "https://{endpoint}/v2/keys/calico/bgp/v1/rr_v4/10.10.31.168 -XPUT "
    '-d value="{{\\"ip\\":\\"10.10.31.168\\",\\"cluster_id\\":\\"1.0.0.1\\"}}"'
)
DUMP: Final = (
    "curl --cacert {tls}/ca.pem --cert {tls}/{client}.pem --key {tls}/{client}-key.pem "
    "'https://{endpoint}/v2/keys/calico?recursive=true' > dump.json"
)


def keys() -> Mapping[str, str]:
    """Return what the cluster's hosts wrote: key below /calico → value."""
    found = dict(GLOBAL)
    for name, (address, block) in NODES.items():
        host = f"bgp/v1/host/{name}"
        found |= {f"{host}/ip_addr_v4": address, f"{host}/ip_addr_v6": "", f"{host}/network_v4": "10.10.31.0/24"}
        found[f"ipam/v2/host/{name}/ipv4/block/{block}"] = "{}"
    workload = "v1/host/kube-node1/workload/k8s/default.web-0/endpoint/eth0"
    return {**found, workload: json.dumps(WORKLOAD)}


def type_line(line: str, etcd: Members, folder: Path) -> str:
    """Run a line by a shell, as a person types it."""
    values = {"tls": etcd.cluster.tls, "client": CLIENT, "endpoint": etcd.cluster.members[0].endpoint}
    done = subprocess.run(
        ["sh", "-c", line.format(**values)], cwd=folder, capture_output=True, text=True, check=False, timeout=20
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def write_keys(etcd: Members, found: Mapping[str, str]) -> None:
    """Write keys as curl does, all in one process."""
    tls, base = etcd.cluster.tls, f"https://{etcd.cluster.members[0].endpoint}/v2/keys/calico"
    words: list[str] = []
    for key, value in found.items():
        secrets = ["--cacert", f"{tls}/ca.pem", "--cert", f"{tls}/{CLIENT}.pem", "--key", f"{tls}/{CLIENT}-key.pem"]
        words += ["--next", "-sS", "--fail", *secrets, f"{base}/{key}", "-XPUT", "--data-urlencode", f"value={value}"]
    done = subprocess.run(["curl", *words[1:]], capture_output=True, text=True, check=False, timeout=20)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count('"action":"set"') == len(found)


def imported(dump: Path, url: str) -> str:
    arguments = [sys.executable, "-P", "-m", "tortie", "import", "etcd2-dump", str(dump), "--yes", "--datastore", url]
    environment = {**os.environ, "PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run(arguments, env=environment, capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 0, done.stderr
    return done.stdout


def stored_fabric(url: str) -> Fabric:
    async def read() -> Fabric:
        store = open_store(url)
        try:
            found = [decode_entry(entry) for entry in (await store.list("/calico/")).entries]
        finally:
            await store.close()
        resources = [item for item in found if isinstance(item, Resource)]
        return Fabric.from_resources(resources)

    return asyncio.run(read())


def test_the_documents_cluster_from_an_etcd_with_its_v2_store(tmp_path: Path) -> None:
    with running_members(tmp_path / "etcd", 1, options=("--enable-v2=true",)) as etcd:
        write_keys(etcd, keys())
        assert json.loads(type_line(RECORD, etcd, tmp_path))["action"] == "set"
        type_line(DUMP, etcd, tmp_path)
    url = f"sqlite://{tmp_path}/datastore.db"
    said = imported(tmp_path / "dump.json", url)
    assert said.endswith(
        "1 key(s) passed over: of Felix: there is no policy here\nSuccessfully imported 11 resource(s)\n"
    )
    fabric = stored_fabric(url)
    assert fabric.quarantine == ()
    intent = node_intent(fabric, "kube-node1")
    assert (intent.local_as, intent.router_id, intent.originated) == (64513, "10.10.31.193", ("192.168.95.0/26",))
    [session] = intent.sessions
    assert (session.remote_address, session.peer_as, session.roles) == (REFLECTOR, 64513, ("global",))
    assert [endpoint.prefixes for endpoint in fabric.endpoints["kube-node1"]] == [("192.168.95.1/32",)]
    reflector = reflector_intent(fabric, REFLECTOR, None)
    clients = [client.remote_address for client in reflector.sessions if client.is_client]
    assert (clients, reflector.cluster_id) == (sorted(address for address, _ in NODES.values()), "1.0.0.1")
