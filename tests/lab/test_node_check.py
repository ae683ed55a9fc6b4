"""`tortie node check` in a network namespace: it sees what is there, and each line it says to type helps."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lab.kernel_namespace import in_namespace, ip

MANIFEST = """
{apiVersion: v1, kind: node, metadata: {name: n1}, spec: {bgp: {ipv4Address: 10.0.0.1/24}}}
---
{apiVersion: v1, kind: ipPool, metadata: {cidr: 192.168.0.0/16}}
"""

LISTENER = "import socket\ns = socket.create_server(('10.0.0.1', 179))\nprint('up', flush=True)\ns.accept()\n"


def tortie(folder: Path, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run a command of ours with all its files in a folder; as `python -m`, so that it is this checkout's."""
    variables = {
        **os.environ,
        "TORTIE_DATASTORE": f"sqlite://{folder}/store.db",
        "TORTIE_RUN_DIR": str(folder / "run"),
        "NODENAME": "n1",
    }
    return subprocess.run(
        [sys.executable, "-m", "tortie", *arguments],
        input=stdin, capture_output=True, text=True, timeout=60, check=False, env=variables,
    )  # fmt: skip


def check(folder: Path) -> tuple[int, dict[str, list[dict[str, Any]]]]:
    """Return the exit code and subject → what is not in order."""
    done = tortie(folder, "node", "check", "-o", "json")
    assert done.stderr == ""
    found: dict[str, list[dict[str, Any]]] = {}
    for finding in json.loads(done.stdout):
        if finding["level"] != "ok":
            found.setdefault(finding["subject"], []).append(finding)
    return done.returncode, found


def type_in(folder: Path, line: str) -> None:
    """Type a line that was named, as a person would."""
    script = f'tortie() {{ {sys.executable} -m tortie --datastore sqlite://{folder}/store.db "$@"; }}\n{line}\n'
    subprocess.run(["sh", "-c", script], check=True, capture_output=True, timeout=60)


@in_namespace
def test_each_line_to_type_helps(tmp_path: Path) -> None:
    Path("/proc/thread-self/root/proc/sys/net/ipv4/ip_forward").write_text("0", encoding="ascii")
    assert tortie(tmp_path, "config", "set", "nodeToNodeMesh", "on").returncode == 0
    code, found = check(tmp_path)
    assert code == 1
    assert "n1" in found["node"][0]["text"]
    type_in(tmp_path, found["forwarding"][0]["remedy"])
    type_in(tmp_path, found["node"][0]["remedy"])
    code, found = check(tmp_path)
    assert "forwarding" not in found
    assert "node" not in found
    assert code == 0, found


@in_namespace
def test_what_stands_in_the_way(tmp_path: Path) -> None:
    Path("/proc/thread-self/root/proc/sys/net/ipv4/ip_forward").write_text("1", encoding="ascii")
    assert tortie(tmp_path, "apply", "-f", "-", stdin=MANIFEST).returncode == 0
    ip("route add 192.168.7.0/26 dev v0 proto 12")
    ip("route add 172.16.0.0/24 dev v0 proto 12")
    ip("link set v0 mtu 1279")
    (tmp_path / "store.db").chmod(0o644)
    listener = subprocess.Popen([sys.executable, "-c", LISTENER], stdout=subprocess.PIPE)
    assert listener.stdout is not None
    with listener:
        listener.stdout.readline()
        code, found = check(tmp_path)
        assert code == 1
        assert f"(pid {listener.pid}) listens on 10.0.0.1" in found["port 179"][0]["text"]
        type_in(tmp_path, found["port 179"][0]["remedy"])
    assert found["conflicts"][0]["text"] == "routes of BIRD within the pools: 192.168.7.0/26"
    assert found["MTU"][0]["text"].startswith("v0 has 1279")
    assert found["files"][0]["text"].startswith(f"{tmp_path}/store.db has mode 0644")
    for subject in ("MTU", "files"):
        type_in(tmp_path, found[subject][0]["remedy"])
    _, found = check(tmp_path)
    assert {"port 179", "MTU", "files"}.isdisjoint(found)
    text = tortie(tmp_path, "node", "check").stdout
    assert max(len(line) for line in text.splitlines() if "type:" not in line and str(tmp_path) not in line) <= 80


@pytest.mark.root
def test_an_ordinary_user_is_told_about_rights(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root, to become somebody else")
    done = subprocess.run(
        ["setpriv", "--bounding-set=-all", "--inh-caps=-all", sys.executable, "-m", "tortie", "node", "check", "-o",
         "json", "--datastore", f"sqlite://{tmp_path}/none.db"],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "no CAP_NET_ADMIN: kernel routes" in {item["text"] for item in json.loads(done.stdout)}


@in_namespace
def test_the_key_that_is_shown_to_etcd_is_looked_at(tmp_path: Path) -> None:
    names = ("ca", "cert", "key")
    files = {f"ETCD_{name.upper()}{'_CERT' if name == 'ca' else ''}_FILE": tmp_path / f"{name}.pem" for name in names}
    for file in files.values():
        file.touch(mode=0o644)
        file.chmod(0o644)
    done = subprocess.run(
        [sys.executable, "-m", "tortie", "node", "check", "-o", "json", "--datastore", "etcds://127.0.0.1:1"],
        env={**os.environ, **{name: str(file) for name, file in files.items()}},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    found = [item["remedy"] for item in json.loads(done.stdout) if item["subject"] == "files"]
    assert f"chmod g-w,o= {tmp_path}/key.pem" in found
    assert not [line for line in found if "cert.pem" in line or "ca.pem" in line]
