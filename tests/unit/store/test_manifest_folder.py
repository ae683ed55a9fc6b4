"""The folder itself: when a file counts. What is in files and what is wrong with them: test_files.py."""

from pathlib import Path

from tortie.store.manifest_folder import SETTLE_LOOKS_MAX, ManifestFolder

NODE = "apiVersion: projectcalico.org/v3\nkind: Node\nmetadata: {name: %s}\n---\n"


def test_unchanged_files_are_not_read_again(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(NODE % "n1")
    folder = ManifestFolder(tmp_path)
    content = folder.load()
    assert content is not None
    assert len(content.values) == 1
    assert folder.load() is None
    (tmp_path / "b.yaml").write_text(NODE % "n2")
    again = folder.load()
    assert again is not None
    assert len(again.values) == 2
    assert again.changed_us >= content.changed_us


def test_a_file_that_is_being_written_counts_when_it_rests(tmp_path: Path) -> None:
    """Half of it is a manifest too: that of a network with half its nodes."""
    path = tmp_path / "a.yaml"
    parts = [NODE % f"n{number}" for number in range(4)]
    path.write_text(parts.pop())

    def write_on(_: float) -> None:
        if parts:
            path.write_text(path.read_text() + parts.pop())

    content = ManifestFolder(tmp_path, write_on).load()
    assert content is not None
    assert len(content.values) == 4


def test_a_folder_that_never_rests_is_taken_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(NODE % "n1")
    looks = []

    def write_on(_: float) -> None:
        looks.append(path.write_text(path.read_text() + "#"))

    assert ManifestFolder(tmp_path, write_on).load() is not None
    assert len(looks) == SETTLE_LOOKS_MAX


def test_links_are_followed(tmp_path: Path) -> None:
    """As a mounted volume has them: the link stays, what it names is replaced."""
    for name in ("one", "two"):
        (tmp_path / name).write_text(NODE % name)
    folder = tmp_path / "manifests"
    folder.mkdir()
    (folder / "a.yaml").symlink_to(tmp_path / "data")
    (tmp_path / "data").symlink_to("one")
    manifests = ManifestFolder(folder)
    first = manifests.load()
    (tmp_path / "data").unlink()
    (tmp_path / "data").symlink_to("two")
    second = manifests.load()
    assert first is not None
    assert second is not None
    assert [key.rsplit("/", 1)[1] for content in (first, second) for key in content.values] == ["one", "two"]
