"""Every resource of Calico's own configuration cases loads, strictly, and comes back from the datastore as it was."""

import os
from pathlib import Path

import pytest

from tortie.model import KINDS, from_stored, load_manifests, to_stored
from tortie.model.text_reader import read_documents

CORPUS = Path(os.environ.get("TORTIE_CORPUS", Path(__file__).parents[4] / "shared" / "corpus")) / "confd" / "mock_data"


def test_every_known_resource_of_the_corpus_loads() -> None:
    if not CORPUS.is_dir():
        pytest.skip(f"corpus of external data is not at {CORPUS} (TORTIE_CORPUS names its folder)")
    count = 0
    for path in sorted(CORPUS.rglob("*input.yaml")):
        for document in read_documents(path.read_text(), str(path)):
            if document.data.get("kind") in KINDS:
                resource = KINDS[document.data["kind"]].model.from_data(document.data)
                assert from_stored(*to_stored(resource)) == resource
                count += 1
    assert count > 100


def test_whole_files_load_where_every_kind_is_known() -> None:
    path = CORPUS / "calicoctl" / "explicit_peering" / "route_reflector" / "input.yaml"
    if not path.is_file():
        pytest.skip(f"corpus of external data is not at {CORPUS} (TORTIE_CORPUS names its folder)")
    kinds = {resource.kind for resource in load_manifests(path.read_text(), path.name)}
    assert {"Node", "BGPPeer"} <= kinds
