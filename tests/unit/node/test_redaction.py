"""What is taken out of texts, and what stays."""

import pytest

from tortie.node.redaction import (
    SECRET_LENGTH_MIN,
    is_secret_name,
    redact,
    secrets_of_environment,
    secrets_of_url,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("etcd://root:pw@h:1", "etcd://root:(hidden)@h:1"),
        ("etcd://:pw@h", "etcd://:(hidden)@h"),
        ("'https://u:p/w@h/x'", "'https://u:p/w@h/x'"),
        ("https://u:p@w@h/x and https://v:q@i", "https://u:(hidden)@h/x and https://v:(hidden)@i"),
        ("sqlite:///var/lib/a:b@c.db", "sqlite:///var/lib/a:b@c.db"),
        ("etcd://[2001:db8::1]:2379", "etcd://[2001:db8::1]:2379"),
        ("peer 192.0.2.1:179", "peer 192.0.2.1:179"),
    ],
)
def test_passwords_of_urls(text: str, expected: str) -> None:
    assert redact(text) == expected


def test_values() -> None:
    assert redact("a hunter2 b hunter2", ["hunter2"]) == "a (hidden) b (hidden)"
    short = "x" * (SECRET_LENGTH_MIN - 1)
    assert redact(f"a {short} b", [short, ""]) == f"a {short} b"
    assert redact(f"a {short}x b", [f"{short}x"]) == "a (hidden) b"


@pytest.mark.parametrize("name", ["password", "nodeMeshPassword", "passphrase", "secretKeyRef", "TOKEN", "private_key"])
def test_names_that_say_it(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize("name", ["object", "reason", "key", "pass", "keepalive_s"])
def test_names_that_do_not(name: str) -> None:
    assert not is_secret_name(name)


def test_of_urls() -> None:
    assert secrets_of_url("etcd://root:p%40ss@h:1") == ["p%40ss", "p@ss"]
    assert secrets_of_url("sqlite:///a.db") == secrets_of_url("etcd://[:x@") == []


def test_of_the_environment() -> None:
    environment = {"ETCD_PASSWORD": "hunter2", "A_TOKEN": "t0ken", "TOKENS": "no", "PATH": "/bin", "X_SECRET": ""}
    assert secrets_of_environment(environment) == ["hunter2", "t0ken"]
