"""The lines of docs/hosts.md, typed in order in a copy of this system: an overlay that is gone afterwards.

systemctl is told that nothing runs, and leaves out what only a running systemd can do. Stand-ins take the place of two
commands that would reach beyond that root: apt-get, and sysctl, which gets our file only and a network namespace of its
own. Nothing is typed unless the other root is entered: the lines of uninstalling remove things.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from documents import DOCS, REPOSITORY
from hosts.programs import needs

BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
UNINSTALL = "systemctl stop"

SETUP = """
set -eu
touch "$1/upper/tortie-test-root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/root"
mount --rbind /proc "$1/root/proc"
mount --rbind /dev "$1/root/dev"
mount -t tmpfs tmpfs "$1/root/run"
rm -f "$1/root/etc/resolv.conf"
cp -L /etc/resolv.conf "$1/root/etc/resolv.conf"
exec chroot "$1/root" bash -euxc "$2"
"""

STAND_INS = """
test -e /tortie-test-root
mkdir -p /page/bin
cd /page
cp -r {dist} dist
printf '#!/bin/sh\\nexec unshare --net /usr/sbin/sysctl -e -p /etc/sysctl.d/90-tortie.conf\\n' > bin/sysctl
printf '#!/bin/sh\\nexec {python} "$@"\\n' > bin/python3
printf '#!/bin/sh\\nexit 0\\n' > bin/apt-get
chmod +x bin/*
export PATH=/page/bin:/usr/local/bin:$PATH
export SYSTEMD_OFFLINE=1
unset PYTHONPATH
"""

INSTALLED = """
test "$(stat -c '%a %U %G' /etc/tortie/node.env)" = '640 root tortie'
test "$(stat -c '%a %U %G' /etc/tortie)" = '750 root tortie'
id tortie
test -L /etc/systemd/system/multi-user.target.wants/tortie-node.service
test -s /usr/local/share/man/man1/tortie-node-run.1
test -s /etc/bash_completion.d/tortie
tortie --version
systemd-analyze verify --man=no /etc/systemd/system/tortie-*.service
"""

UNINSTALLED = """
hash -r
if id tortie || command -v tortie; then exit 1; fi
test ! -e /opt/tortie
test ! -L /etc/systemd/system/multi-user.target.wants/tortie-node.service
test -z "$(find /etc /usr/local/bin /usr/local/share/man -name '*tortie*')"
"""


@pytest.mark.root
@pytest.mark.timeout(400)
@needs("systemctl", "systemd-sysusers", "systemd-tmpfiles", "systemd-analyze", package="systemd")
def test_the_lines_of_the_page(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root, for an overlay of the whole system")
    dist = tmp_path / "dist"
    built = subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(dist), str(REPOSITORY)],
        capture_output=True, text=True, timeout=200, check=False,
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    blocks = BLOCK.findall((DOCS / "hosts.md").read_text(encoding="utf-8"))
    install = [block for block in blocks if not block.startswith(UNINSTALL)]
    uninstall = [block for block in blocks if block.startswith(UNINSTALL)]
    assert (len(install), len(uninstall)) == (5, 1)
    stand_ins = STAND_INS.format(python=Path(sys.executable).resolve(), dist=dist)
    script = "\n".join([stand_ins, *install, INSTALLED, *uninstall, UNINSTALLED])
    for name in ("upper", "work", "root"):
        (tmp_path / "overlay" / name).mkdir(parents=True)
    apart = ["unshare", "--mount", "--propagation=private"]
    done = subprocess.run(
        [*apart, "bash", "-c", SETUP, "setup", str(tmp_path / "overlay"), script],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
