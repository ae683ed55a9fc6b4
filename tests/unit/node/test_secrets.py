"""Where passwords are found, and the words where they are not: never with what stands there."""

import base64
import json
import os
from pathlib import Path

import pytest

from tortie.fabric import Quarantined, SecretReference, SessionIntent
from tortie.node.errors import SecretUnusable
from tortie.node.password_file import PasswordFiles, password_from
from tortie.node.private_file import FileNotPrivate, read_private
from tortie.node.secrets import Secrets
from tortie.node.session_passwords import session_passwords
from tortie.speaker import Password
from tortie.store import Entry

BGP = SecretReference("bgp", "password")
VALUE = b"hunter2"


def entry(name: str = "bgp", **values: bytes) -> Entry:
    data = {key: base64.b64encode(value).decode() for key, value in values.items()}
    document = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "data": data}
    return Entry(f"/tortie/secrets/{name}", json.dumps(document).encode(), 1, 1)


def stored(*entries: Entry, directory: Path | None = None) -> Secrets:
    secrets = Secrets(directory)
    secrets.take(entries)
    return secrets


def written(folder: Path, content: bytes = VALUE, mode: int = 0o600, folder_mode: int = 0o755) -> Path:
    (folder / "bgp").mkdir(exist_ok=True)
    (folder / "bgp").chmod(folder_mode)
    file = folder / "bgp" / "password"
    file.write_bytes(content)
    file.chmod(mode)
    return file


def reason(secrets: Secrets, reference: SecretReference = BGP) -> str:
    with pytest.raises(SecretUnusable) as caught:
        secrets.password(reference)
    assert "hunter" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("ending", [b"", b"\n", b"\r\n"])
def test_one_end_of_line_is_not_part_of_a_password(ending: bytes) -> None:
    assert password_from(VALUE + ending) == Password(VALUE)
    assert password_from(VALUE + b" \n\n") == Password(VALUE + b" \n")


@pytest.mark.parametrize("content", [b"", b"\n", b"x" * 81])
def test_what_tcp_md5_cannot_take(content: bytes) -> None:
    with pytest.raises(SecretUnusable, match="octets, expected 1 to 80"):
        password_from(content)


# ---------------------------------------------------------------- the datastore


def test_a_secret_of_the_datastore() -> None:
    assert stored(entry(password=VALUE)).password(BGP) == Password(VALUE)


def test_what_is_said_where_there_is_none() -> None:
    assert reason(stored()) == "there is no Secret 'bgp'"
    assert reason(stored(entry(other=VALUE))) == "Secret 'bgp' has no key 'password'; it has: other"
    assert reason(stored(entry())) == "Secret 'bgp' has no key 'password'; it has: none"
    too_long = "Secret 'bgp', key 'password': 81 octets, expected 1 to 80 (TCP-MD5)"
    assert reason(stored(entry(password=b"x" * 81))) == too_long
    assert reason(stored(Entry("/tortie/secrets/bgp", b"hunter2", 1, 1))).startswith("Secret 'bgp': (value): ")


def test_before_the_datastore_has_spoken_and_while_it_is_away() -> None:
    secrets = Secrets(None)
    assert reason(secrets) == "the datastore has not been read yet"
    secrets.note_trouble("no datastore at x")
    assert reason(secrets) == "no datastore at x"
    secrets.take([entry(password=VALUE)])
    secrets.note_trouble("gone")
    assert secrets.password(BGP) == Password(VALUE), "what it said before holds"


# ---------------------------------------------------------------- files


def test_a_file_goes_before_the_datastore(tmp_path: Path) -> None:
    secrets = stored(entry(password=b"old"), directory=tmp_path)
    assert secrets.password(BGP) == Password(b"old")
    written(tmp_path)
    assert secrets.password(BGP) == Password(VALUE)


def test_a_file_as_kubernetes_mounts_it(tmp_path: Path) -> None:
    (tmp_path / "bgp").mkdir(mode=0o700)
    (tmp_path / "bgp" / "..2026").mkdir()
    (tmp_path / "bgp" / "..2026" / "password").write_bytes(VALUE)
    (tmp_path / "bgp" / "..2026" / "password").chmod(0o400)
    (tmp_path / "bgp" / "..data").symlink_to("..2026")
    (tmp_path / "bgp" / "password").symlink_to("..data/password")
    assert stored(directory=tmp_path).password(BGP) == Password(VALUE)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o644])
def test_a_file_that_others_may_read_is_refused_and_not_passed_over(tmp_path: Path, mode: int) -> None:
    file = written(tmp_path, mode=mode)
    secrets = stored(entry(password=b"old"), directory=tmp_path)
    assert reason(secrets) == f"{file}: mode {mode:04o}, others may read or change it; chmod 600 {file}"
    written(tmp_path, mode=mode, folder_mode=0o700)
    assert secrets.password(BGP) == Password(VALUE), "nobody else gets into the directory"


def test_files_that_cannot_be_used(tmp_path: Path) -> None:
    secrets = stored(directory=tmp_path)
    file = written(tmp_path, b"x" * 81)
    assert reason(secrets) == f"{file}: 81 octets, expected 1 to 80 (TCP-MD5)"
    written(tmp_path, b"x" * 1000)
    assert reason(secrets) == f"{file}: longer than 82 octets"
    file.unlink()
    file.symlink_to("nowhere")
    assert reason(secrets) == f"{file}: No such file or directory"
    file.unlink()
    file.mkdir()
    assert reason(secrets).startswith(f"{file}: ")
    file.rmdir()
    os.mkfifo(file, 0o600)
    assert reason(secrets) == f"{file}: not a plain file"


def test_a_file_of_somebody_else(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root to give a file away")
    file = written(tmp_path)
    os.chown(file, 12345, -1)
    with pytest.raises(FileNotPrivate, match="belongs to user 12345"):
        read_private(file, 100)


@pytest.mark.parametrize("reference", [SecretReference("..", "passwd"), SecretReference("a", "../../etc/passwd")])
def test_a_record_cannot_name_a_file_elsewhere(tmp_path: Path, reference: SecretReference) -> None:
    assert "expected letters, digits" in reason(stored(directory=tmp_path), reference)


def test_a_file_that_is_being_written_is_looked_at_again_before_it_is_believed(tmp_path: Path) -> None:
    file = written(tmp_path)
    files = PasswordFiles()
    assert files.read(file) == Password(VALUE)
    file.write_bytes(b"")
    assert files.read(file) == Password(VALUE)
    assert files.read(file) == Password(VALUE), "still the same look"
    files.look_again()
    with pytest.raises(SecretUnusable, match="0 octets"):
        files.read(file)
    file.write_bytes(b"new")
    assert files.read(file) == Password(b"new")


# ---------------------------------------------------------------- sessions


def session(address: str, reference: SecretReference | None, port: int = 179) -> SessionIntent:
    return SessionIntent(
        remote_address=address, local_address=None, port=port, local_as=1, peer_as=1, families=("ipv4",),
        roles=("global",), password=reference,
    )  # fmt: skip


def test_each_session_gets_the_password_that_it_names() -> None:
    secrets = stored(entry(password=VALUE), entry("mesh", key=b"other"))
    mesh = SecretReference("mesh", "key")
    sessions = [session("10.0.0.1", BGP), session("10.0.0.2", mesh), session("10.0.0.3", None)]
    found = session_passwords(sessions, secrets.password)
    assert found.passwords == {"10.0.0.1": Password(VALUE), "10.0.0.2": Password(b"other")}
    assert (found.problems, found.refused) == ((), frozenset())


def test_a_secret_that_is_missing_is_named_once_with_the_sessions_that_wait() -> None:
    sessions = [session(f"10.0.0.{number}", BGP) for number in range(1, 6)]
    found = session_passwords(sessions, stored().password)
    assert found.passwords == {}
    reason = (
        "key 'password': there is no Secret 'bgp'; no session without its password: "
        "5 sessions (10.0.0.1, 10.0.0.2, 10.0.0.3, ...) wait"
    )
    assert found.problems == (Quarantined("Secret", "bgp", reason),)


def test_one_address_has_one_password() -> None:
    secrets = stored(entry(password=VALUE), entry("mesh", key=b"other"))
    sessions = [session("10.0.0.1", BGP), session("10.0.0.1", SecretReference("mesh", "key"), port=1790)]
    found = session_passwords(sessions, secrets.password)
    assert found.passwords == {"10.0.0.1": Password(VALUE)}
    assert found.refused == {("10.0.0.1", 1790)}
    assert [(each.kind, each.name) for each in found.problems] == [("Session", "10.0.0.1")]
