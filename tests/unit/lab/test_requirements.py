"""What a machine lacks, and the line to type for it."""

import pytest

from tortie.lab.errors import Requirement, RequirementsMissing
from tortie.lab.requirements import COMMANDS_NEEDED, missing_commands, refusal, unshare_command

DENIED = "unshare: unshare failed: Operation not permitted"


def test_nothing_is_missing_where_everything_is_found() -> None:
    assert missing_commands(lambda name: f"/bin/{name}") == []


def test_commands_are_named_with_their_package() -> None:
    found = missing_commands(lambda name: None if name in ("ip", "ss", "curl") else f"/bin/{name}")
    assert [(item.name, item.remedy) for item in found] == [
        ("ip, ss", "apt-get install -y iproute2"),
        ("curl", "apt-get install -y curl"),
    ]


def test_every_command_says_what_it_is_for() -> None:
    assert all(package and reason for package, reason in COMMANDS_NEEDED.values())


@pytest.mark.parametrize(
    ("answer", "settings", "is_root", "name", "remedy"),
    [
        pytest.param(
            DENIED,
            {"kernel/unprivileged_userns_clone": "0"},
            False,
            "namespaces",
            "sysctl -w kernel.unprivileged_userns_clone=1",
            id="Debian's switch",
        ),
        pytest.param(
            DENIED,
            {"kernel/unprivileged_userns_clone": "1", "kernel/apparmor_restrict_unprivileged_userns": "1"},
            False,
            "namespaces",
            "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
            id="AppArmor's",
        ),
        pytest.param(
            "unshare: unshare failed: No space left on device",
            {"user/max_user_namespaces": "0"},
            False,
            "namespaces",
            "sysctl -w user.max_user_namespaces=15000",
            id="limit of user namespaces",
        ),
        pytest.param(
            DENIED, {"user/max_net_namespaces": "0"}, True, "namespaces",
            "sysctl -w user.max_net_namespaces=15000", id="root at a limit",
        ),
        pytest.param(
            DENIED, {"kernel/unprivileged_userns_clone": "0"}, True, "namespaces",
            "run outside of this container, or in one that was started with --privileged", id="root in a container",
        ),
        pytest.param(
            "Error: Unknown device type.", {}, False, "veth and bridge interfaces", "modprobe -a veth bridge",
            id="no veth",
        ),
        pytest.param(
            DENIED, {}, False, "namespaces for an ordinary user", "tortie lab up (as root)", id="no setting says why"
        ),
    ],
)  # fmt: skip
def test_refusals_name_the_line(answer: str, settings: dict[str, str], is_root: bool, name: str, remedy: str) -> None:
    found = refusal(answer, settings, is_root=is_root)
    assert (found.name, found.remedy) == (name, remedy)
    assert found.reason


def test_the_message_has_a_line_for_root_a_thing() -> None:
    error = RequirementsMissing([
        Requirement("curl", "writes the reflector's record", "apt-get install -y curl"),
        Requirement("ip", "shows routes", "apt-get install -y iproute2"),
    ])  # fmt: skip
    assert str(error).splitlines()[1:] == [
        "  curl: writes the reflector's record",
        "      as root: apt-get install -y curl",
        "  ip: shows routes",
        "      as root: apt-get install -y iproute2",
    ]


def test_what_follows_unshare_is_pid_1_and_dies_with_it() -> None:
    command = unshare_command()
    assert {"--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"} <= set(command)
    assert command[-1] == "--"
