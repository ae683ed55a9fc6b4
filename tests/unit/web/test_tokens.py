"""Tokens in a file: only hashes, only ours, gone at once when revoked."""

import json
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tortie.web import AccessInvalid, TokenFile, TokenRefused

NOW = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def tokens(tmp_path: Path) -> TokenFile:
    return TokenFile(tmp_path / "state" / "tokens.json")


def test_a_token_is_checked_and_never_kept(tokens: TokenFile) -> None:
    text = tokens.create("dashboard", "read", NOW, NOW + DAY)
    assert text.startswith("tortie_")
    assert len(text) > 40
    found = tokens.check(text, NOW)
    assert (found.name, found.role) == ("dashboard", "read")
    content = tokens.path.read_text()
    assert text not in content
    assert text.removeprefix("tortie_") not in content
    assert stat.S_IMODE(tokens.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(tokens.path.parent.stat().st_mode) == 0o700


def test_two_tokens_are_different(tokens: TokenFile) -> None:
    one, two = tokens.create("a", "read", NOW, None), tokens.create("b", "write", NOW, None)
    assert one != two
    assert tokens.check(two, NOW).role == "write"
    assert [token.name for token in tokens.tokens()] == ["a", "b"]


@pytest.mark.parametrize("text", ["", "tortie_", "x" * 100_000, "tortie_" + "A" * 43, "ä"])
def test_what_is_no_token(tokens: TokenFile, text: str) -> None:
    tokens.create("a", "write", NOW, None)
    with pytest.raises(TokenRefused, match="no such token"):
        tokens.check(text, NOW)


def test_a_token_ends_at_its_time(tokens: TokenFile) -> None:
    text = tokens.create("a", "write", NOW, NOW + DAY)
    assert tokens.check(text, NOW + DAY - timedelta(seconds=1)).name == "a"
    with pytest.raises(TokenRefused, match="the token a expired at 2026-01-02"):
        tokens.check(text, NOW + DAY)


def test_a_revoked_token_is_refused_by_a_server_that_runs(tokens: TokenFile) -> None:
    text = tokens.create("a", "write", NOW, None)
    server = TokenFile(tokens.path)
    assert server.check(text, NOW).name == "a"
    tokens.revoke("a")
    with pytest.raises(TokenRefused):
        server.check(text, NOW)
    again = tokens.create("a", "read", NOW, None)
    assert server.check(again, NOW).role == "read"


@pytest.mark.parametrize("name", ["", "a b", "-a", "a/b", "x" * 64, "ä"])
def test_names_that_cannot_be(tokens: TokenFile, name: str) -> None:
    with pytest.raises(AccessInvalid, match="expected 1 to 63 letters"):
        tokens.create(name, "read", NOW, None)


def test_a_name_is_taken_once_and_revoked_once(tokens: TokenFile) -> None:
    tokens.create("a", "read", NOW, None)
    with pytest.raises(AccessInvalid, match="exists already"):
        tokens.create("a", "write", NOW, None)
    tokens.revoke("a")
    with pytest.raises(AccessInvalid, match=r"does not exist .there are: none"):
        tokens.revoke("a")


def test_a_file_that_others_may_read_lets_nobody_in(tmp_path: Path) -> None:
    tokens = TokenFile(tmp_path / "tokens.json")
    tmp_path.chmod(0o755)
    text = tokens.create("a", "write", NOW, None)
    tokens.path.chmod(0o644)
    fresh = TokenFile(tokens.path)
    with pytest.raises(AccessInvalid, match="mode 0644, others may read or change it"):
        fresh.tokens()
    with pytest.raises(TokenRefused, match="cannot be read"):
        fresh.check(text, NOW)


def test_a_server_that_runs_notices_that_others_may_read_its_file(tokens: TokenFile) -> None:
    text = tokens.create("a", "write", NOW, None)
    tokens.path.parent.chmod(0o755)
    assert tokens.check(text, NOW).name == "a"
    tokens.path.chmod(0o644)
    with pytest.raises(TokenRefused, match="cannot be read"):
        tokens.check(text, NOW)
    tokens.path.chmod(0o600)
    assert tokens.check(text, NOW).name == "a"


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", '{"tokens": [1]}', '{"tokens": [{"name": "a", "role": "root", "sha256": "", "created": ""}]}'],
)
def test_a_file_that_is_none_lets_nobody_in(tmp_path: Path, content: str) -> None:
    path = tmp_path / "tokens.json"
    path.touch(mode=0o600)
    path.write_text(content)
    with pytest.raises(AccessInvalid, match="not a file of tokens"):
        TokenFile(path).tokens()


def test_a_role_or_a_time_that_cannot_be(tokens: TokenFile) -> None:
    tokens.create("a", "read", NOW, NOW + DAY)
    content = json.loads(tokens.path.read_text())
    for field, value in (("role", "admin"), ("expires", "2026-01-01T00:00:00"), ("expires", "soon")):
        changed = {"tokens": [{**content["tokens"][0], field: value}]}
        tokens.path.write_text(json.dumps(changed))
        with pytest.raises(AccessInvalid):
            TokenFile(tokens.path).tokens()
