"""The units under a real systemd: process 1 of namespaces of its own, in an overlay of this system.

What no reading of files can tell: that the agents work as closed in as the units have them, that systemd hears when
they are ready and when they stand still, and that a restart is told from a stop.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from documents import REPOSITORY
from hosts.programs import needs

DEBIAN_PYTHON = "/usr/bin/python3"
"""Not one below somebody's home, which the units do not see."""

APART = """
set -eu
for hierarchy in /sys/fs/cgroup /sys/fs/cgroup/*; do
    if [ -f $hierarchy/cgroup.procs ] && [ ! -L $hierarchy ] && [ ! -f $hierarchy/cpuset.cpus ]; then
        mkdir "$hierarchy/$3"
        echo $$ > "$hierarchy/$3/cgroup.procs"
    fi
done
exec unshare --mount --propagation=private --pid --fork --kill-child --net --uts --ipc --cgroup bash -c "$2" boot "$1"
"""
"""Cgroups of its own first: what systemd takes for the root of a hierarchy must not be the root of ours."""

BOOT = """
set -eu
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/root"
cd "$1/root"
mount -t proc proc proc
mount -t sysfs sysfs sys
if [ -d /sys/fs/cgroup/systemd ]; then
    mount -t tmpfs tmpfs sys/fs/cgroup
    mkdir sys/fs/cgroup/systemd
    mount -t cgroup -o none,name=systemd cgroup sys/fs/cgroup/systemd
else
    mount -t cgroup2 cgroup2 sys/fs/cgroup
fi
mount --rbind /dev dev
mount -t tmpfs tmpfs run
rm -rf etc/systemd/system/*.wants
mkdir -p old-root
pivot_root . old-root
exec env -i "PATH=$PATH" container=other sh -c '
    umount -l /old-root
    exec /lib/systemd/systemd --system --unit=probe.service --show-status=0 --log-target=null'
"""

PROBE_UNIT = """
[Unit]
DefaultDependencies=no
[Service]
Type=oneshot
TimeoutStartSec=100
StandardOutput=file:/probe.log
StandardError=file:/probe.log
ExecStart=/bin/bash -eu /probe.sh
ExecStopPost=/bin/systemctl --force --force poweroff
"""

PROBE = """
say() { printf '%s\\n' "== $*"; }
wait_for() {
    for _ in $(seq 300); do if eval "$1"; then return; fi; sleep 0.1; done
    echo "never: $1"
    journalctl --no-pager -o cat -u "tortie-*" | tail -20
    exit 1
}
share=/opt/tortie/share/tortie
cp $share/systemd/*.service /etc/systemd/system/
systemd-sysusers $share/systemd/tortie.sysusers.conf
systemd-tmpfiles --create $share/systemd/tortie.tmpfiles.conf
for unit in node reflector api; do
    mkdir -p /etc/systemd/system/tortie-$unit.service.d
    printf '[Service]\\nWatchdogSec=2s\\n' > /etc/systemd/system/tortie-$unit.service.d/soon.conf
done
ip link set lo up
ip link add v0 type veth peer name v1
ip addr add 10.0.0.1/24 dev v0
ip link set v0 up
ip link set v1 up
printf 'NODENAME=n1\\n' > /etc/tortie/node.env
printf 'TORTIE_REFLECTOR_OPTIONS=--listen 10.0.0.1 --as 64512 --client-range 10.0.0.0/8\\n' > /etc/tortie/reflector.env
systemctl daemon-reload

systemctl start --no-block tortie-node
wait_for 'systemctl show -p StatusText tortie-node | grep -q "no Node record"'
say waiting "$(systemctl is-active tortie-node || true)"
pid=$(systemctl show -p MainPID --value tortie-node)
say node "$(grep -E '^(Uid|CapEff|NoNewPrivs|Seccomp):' /proc/$pid/status | tr -s '[:space:]' ' ')"

manifest='{apiVersion: v1, kind: node, metadata: {name: n1}, spec: {bgp: {ipv4Address: 10.0.0.1/24}}}'
echo "$manifest" | runuser -u tortie -- env XDG_DATA_HOME=/var/lib /opt/tortie/bin/tortie create -f -
wait_for 'systemctl is-active -q tortie-node'
say ready "$(systemctl show -p StatusText --value tortie-node)"
/opt/tortie/bin/tortie node status | head -1
systemctl restart tortie-node
say restarted "$(journalctl --no-pager -u tortie-node -o cat | grep -c 'agent stopping.*for_restart=True')"
say came-back-with "$(systemctl show -p StatusText --value tortie-node)"

kill -STOP "$(systemctl show -p MainPID --value tortie-node)"
wait_for '[ "$(systemctl show -p NRestarts --value tortie-node)" = 1 ] && systemctl is-active -q tortie-node'
say watchdog "$(systemctl show -p NRestarts --value tortie-node)"

systemctl stop tortie-node
say stopped "$(journalctl --no-pager -u tortie-node -o cat | grep -c 'agent stopping.*for_restart=False')"
systemctl start tortie-node
/opt/tortie/bin/tortie node stop
wait_for '[ "$(systemctl is-active tortie-node)" = inactive ]'
say for-good "$(systemctl show -p ActiveState --value tortie-node)"

systemctl start tortie-node
systemctl start tortie-reflector
say side-by-side "$(systemctl is-active tortie-node tortie-reflector | head -2 | paste -sd ' ')"
pid=$(systemctl show -p MainPID --value tortie-reflector)
say reflector "$(grep -E '^(Uid|CapEff|NoNewPrivs|Seccomp):' /proc/$pid/status | tr -s '[:space:]' ' ')"
systemctl start tortie-api
say api "$(curl -s http://127.0.0.1:2379/version)"
pid=$(systemctl show -p MainPID --value tortie-api)
say api-process "$(grep -E '^(CapEff|NoNewPrivs|Seccomp):' /proc/$pid/status | tr -s '[:space:]' ' ')"
say done
"""


@pytest.mark.root
@pytest.mark.timeout(300)
@needs("systemctl", "unshare", "pivot_root", "curl", package="systemd util-linux curl")
def test_units_under_a_real_systemd(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root, for an overlay of the whole system")
    overlay = tmp_path / "overlay"
    for name in ("upper/etc/systemd/system", "upper/opt", "work", "root"):
        (overlay / name).mkdir(parents=True)
    install(overlay / "upper", tmp_path / "dist")
    (overlay / "upper/etc/systemd/system/probe.service").write_text(PROBE_UNIT, encoding="utf-8")
    (overlay / "upper/probe.sh").write_text(PROBE, encoding="utf-8")
    group = f"tortie-test-{os.getpid()}"
    try:
        subprocess.run(
            ["bash", "-c", APART, "apart", str(overlay), BOOT, group], capture_output=True, timeout=150, check=False
        )
    finally:
        remove_groups(group)
    log = (overlay / "upper/probe.log").read_text(encoding="utf-8")
    said = dict(re.findall(r"^== (\S+) ?(.*)$", log, re.MULTILINE))
    assert "done" in said, log
    assert said["waiting"] == "activating", "no intent, not ready"
    assert "NoNewPrivs: 1 Seccomp: 2" in said["node"]
    assert "CapEff: 0000000000001400" in said["node"]
    assert "Uid: 0" not in said["node"]
    assert said["ready"] == "intent from datastore, 0 sessions configured"
    assert "node n1 is running" in log
    assert said["restarted"] == "1", "systemctl restart is graceful restart"
    assert said["came-back-with"].startswith("intent from d")
    assert said["watchdog"] == "1", "what stands still is started again"
    assert said["stopped"] == "1", "systemctl stop is for good"
    assert said["for-good"] == "inactive", "tortie node stop is not started again"
    assert said["side-by-side"] == "inactive active", "a host is node or reflector"
    assert "CapEff: 0000000000000400" in said["reflector"]
    assert '"tortie"' in said["api"]
    assert said["api-process"].startswith("CapEff: 0000000000000000 NoNewPrivs: 1 Seccomp: 2")


def remove_groups(name: str) -> None:
    """Remove the cgroups of the test, the innermost first; their processes have ended with process 1."""
    for hierarchy in (Path("/sys/fs/cgroup"), *Path("/sys/fs/cgroup").iterdir()):
        for folder, _, _ in os.walk(hierarchy / name, topdown=False):
            Path(folder).rmdir()


def install(upper: Path, dist: Path) -> None:
    """Install the wheel at /opt/tortie of the overlay, for Debian's own Python."""
    prefix = upper / "opt/tortie"
    for command in (
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(dist), str(REPOSITORY)],
        [DEBIAN_PYTHON, "-m", "venv", "--without-pip", str(prefix)],
    ):
        done = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)
        assert done.returncode == 0, done.stderr
    (file,) = dist.glob("*.whl")
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-m", "pip", "--python", str(prefix / "bin/python"), "install", "--quiet", str(file)],
        capture_output=True, text=True, timeout=200, check=False, env=environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    for script in (prefix / "bin").iterdir():
        content = script.read_bytes() if script.is_file() and not script.is_symlink() else b""
        if content.startswith(b"#!"):
            script.write_bytes(content.replace(str(upper).encode(), b"", 1))
