"""What is said on machines that lack something: the lab itself, not a description of one."""

import os
import subprocess
import sys
from typing import Final

import pytest

from lab.lab_world import lab_test
from tortie.lab.requirements import check_requirements, find_missing

WITHOUT_NAMESPACES: Final = (
    "unshare", "--user", "--map-root-user", "sh", "-c",
    'echo 0 > /proc/sys/user/max_user_namespaces && exec setpriv --bounding-set=-all --inh-caps=-all "$0" "$@"',
)  # fmt: skip
"""Runs a command without rights where user namespaces are forbidden (by a limit of a namespace of its own)."""

CHECK: Final = (
    "from tortie.lab.errors import RequirementsMissing\n"
    "from tortie.lab.requirements import check_requirements\n"
    "try: check_requirements()\n"
    "except RequirementsMissing as error: print(error)\n"
)


def said(*prefix: str, **changes: str) -> list[str]:
    found = subprocess.run(
        [*prefix, sys.executable, "-c", CHECK],
        env={**os.environ, "PYTHONPATH": ":".join(entry for entry in sys.path if entry), **changes},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert found.returncode == 0, found.stderr
    return found.stdout.splitlines()[1:]


@lab_test
def test_nothing_needed_is_missing_here() -> None:
    check_requirements()
    assert [item for item in find_missing() if item.is_required] == []


@pytest.mark.root
def test_missing_commands_are_named_with_the_line_for_root() -> None:
    assert said(PATH="/nonexistent") == [
        "  unshare, nsenter: makes the lab's namespaces; runs commands on the lab's hosts",
        "      as root: apt-get install -y util-linux",
        "  ip, ss: shows routes and interfaces of the lab's hosts; shows the hosts' BGP connections",
        "      as root: apt-get install -y iproute2",
        "  curl: writes the reflector's record, as the document does",
        "      as root: apt-get install -y curl",
        "  pgrep: finds the process of a host that is to be killed",
        "      as root: apt-get install -y procps",
    ]


@lab_test
def test_forbidden_namespaces_are_named_with_the_line_for_root() -> None:
    assert said(*WITHOUT_NAMESPACES) == [
        "  namespaces: user.max_user_namespaces = 0 forbids them",
        "      as root: sysctl -w user.max_user_namespaces=15000",
    ]
