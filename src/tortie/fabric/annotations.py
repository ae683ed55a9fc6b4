"""What Calico's kinds have no field for and Tortie needs: options of sessions in annotations.

For: reading their values. Not for: what follows from a value (``speaker.py``). They stand on a BGPPeer, for its
sessions, or on a BGPConfiguration, for all sessions that no BGPPeer says otherwise of: `default` for every speaker,
`node.<name>` for the end of one node.

RFC 4760 (several families on one session), RFC 7911 (ADD-PATH).
"""

from collections.abc import Mapping
from typing import Final

from tortie.fabric.addresses import FAMILIES
from tortie.fabric.intent import ADD_PATH_MODES
from tortie.fabric.options import ADD_PATH_ANNOTATION, FAMILIES_ANNOTATION, annotation_path
from tortie.fabric.quarantine import RecordUnusable, unusable
from tortie.model import BGPConfiguration, BGPPeer, Resource
from tortie.model.config_names import IPIP_ANNOTATION

PREFIX: Final = "tortie/"
KNOWN: Final = {
    "BGPPeer": (FAMILIES_ANNOTATION, ADD_PATH_ANNOTATION),
    "BGPConfiguration": (FAMILIES_ANNOTATION, ADD_PATH_ANNOTATION, IPIP_ANNOTATION),
}
"""Ours, by kind; the other kinds have none."""


def read_families(annotations: Mapping[str, str]) -> tuple[str, ...] | None:
    """Return the families that are named, in the order of `FAMILIES`; None where nothing is said.

    Raises:
        RecordUnusable: an unknown family, one named twice, or none.
    """
    text = annotations.get(FAMILIES_ANNOTATION)
    if text is None:
        return None
    named = [name.strip() for name in text.split(",")]
    if not set(named) <= set(FAMILIES) or len(set(named)) != len(named):
        expected = f"{', '.join(FAMILIES)} or both with a comma between them"
        raise unusable(annotation_path(FAMILIES_ANNOTATION), text, expected)
    return tuple(family for family in FAMILIES if family in named)


def read_add_path(annotations: Mapping[str, str]) -> str | None:
    """Return which way several paths go, None where nothing is said.

    Raises:
        RecordUnusable: another word.
    """
    text = annotations.get(ADD_PATH_ANNOTATION)
    if text is not None and text not in ADD_PATH_MODES:
        raise unusable(annotation_path(ADD_PATH_ANNOTATION), text, ", ".join(ADD_PATH_MODES))
    return text


def annotation_problem(resource: Resource) -> str | None:
    """Return what is wrong with a resource's annotations of ours, for who writes it; None where nothing is.

    Agents set a record with a bad value aside, and its sessions end; a misspelt name says nothing to them.
    """
    if not isinstance(resource, BGPPeer | BGPConfiguration):
        return None
    annotations, known = resource.metadata.annotations, KNOWN[resource.kind]
    try:
        for name, text in annotations.items():
            if name.startswith(PREFIX) and name not in known:
                raise unusable(annotation_path(name), text, f"an annotation of this kind: {', '.join(known)}")
        read_families(annotations)
        read_add_path(annotations)
    except RecordUnusable as error:
        return str(error)
    return None
