"""The lines that a person types in the walk through the document, as data.

For: printing and running exactly the same text. Not here: what must come of them (seed_walk.py). Words in braces are
filled in from the topology; each line is run by a shell on the host that SeedLines.host_of names.

The curl line and the manifest are the document's own, with its placeholders filled in.
"""

from dataclasses import dataclass
from typing import Final

from tortie.lab.paths import CERTIFICATES_INSIDE
from tortie.lab.topology import Host, Topology

__all__ = ["SEED_LINES", "SeedLines", "line_values"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedLines:
    """Every line of the walk, in its order."""

    up: str = "tortie lab up {lab}"
    sessions: str = "calicoctl node status"
    ping: str = "ping -c 1 {container_address}    # and so on: every container, every other"
    get_as_number: str = "calicoctl config get asNumber"
    run_reflector: str = "{addresses} tortie reflector run &"
    write_record: str = (
        "curl --cacert {pki}/ca.pem --cert {pki}/client.pem --key {pki}/client-key.pem "
        "-L https://{api}:{port}/v2/keys/calico/bgp/v1/{record}/{reflector} "
        '-XPUT -d value="{{\\"ip\\":\\"{reflector}\\",\\"cluster_id\\":\\"{cluster_id}\\"}}"'
    )
    read_record: str = (
        "curl --cacert $ETCD_CA_CERT_FILE --cert $ETCD_CERT_FILE --key $ETCD_KEY_FILE https://{member}/v3/kv/range "
        '-d "{{\\"key\\": \\"$(printf /calico/bgp/v1/{record}/{reflector} | base64 -w0)\\"}}"'
    )
    kill_member: str = "kill -9 $(pgrep -f '[e]tcd --name={member_host} ')"
    mesh_off: str = "calicoctl config set nodeToNodeMesh off"
    create_peer: str = (
        "calicoctl create -f - << EOF\n"
        "apiVersion: v1\n"
        "kind: bgpPeer\n"
        "metadata:\n"
        "  peerIP: {reflector}\n"
        "  scope: global\n"
        "spec:\n"
        "  asNumber: {as_number}\n"
        "EOF"
    )
    connections: str = "ss -tn"
    routes: str = "calicoctl node routes {prefix} -o json"
    kernel_route: str = "ip route show {prefix}"
    kernel_route_v6: str = "ip -6 route show {prefix}"
    status: str = "tortie lab status {lab}"
    down: str = "tortie lab down {lab}"


SEED_LINES: Final = SeedLines()


def line_values(topology: Topology, reflector: Host, api: Host, version: int = 4) -> dict[str, str]:
    """Return the values of the words in braces that a topology fixes, for records of IP version 4 or 6."""
    addresses = {"IP": reflector.address(4), "IP6": reflector.address(6)}
    return {
        "addresses": " ".join(f"{name}={text}" for name, text in addresses.items() if text),
        "record": f"rr_v{version}",
        "lab": topology.name,
        "reflector": reflector.address(version) or "",
        "cluster_id": reflector.cluster_id or "",
        "api": api.address(4) or "",
        "port": str(api.api_port),
        "as_number": str(topology.as_number),
        "pki": CERTIFICATES_INSIDE,
    }
