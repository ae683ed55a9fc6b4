"""Mesh of reflectors: each reflector record peers with every other of its family.

Plain internal sessions: no end is the other's client, both ends dial (``dialling.py``). What it is NOT for: nodes that
are reflectors; those peer by BGPPeers. Reference B, rule 1; RFC 4456 §4 (non-client peers).
"""

from collections.abc import Iterator

from tortie.fabric.merge import Asked
from tortie.fabric.resources import Fabric
from tortie.fabric.speaker import LocalSpeaker

BGP_PORT = 179


def reflector_mesh_sessions(fabric: Fabric, speaker: LocalSpeaker) -> Iterator[Asked]:
    """Yield a reflector's sessions with the other reflectors.

    In a family without an own record it stands alone: the others do not know of it.
    """
    own = {address for address in speaker.addresses.values() if address in fabric.reflectors}
    families = [family for family, address in speaker.addresses.items() if address in own]
    for other in fabric.reflectors.values():
        if other.address not in own and other.family in families:
            session = speaker.session(
                remote_address=other.address,
                port=BGP_PORT,
                peer_as=speaker.as_number,
                role="reflector-mesh",
                description=f"mesh with reflector {other.address}",
            )
            yield Asked(session=session)
