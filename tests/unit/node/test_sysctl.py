"""Settings under /proc/sys, in a folder that looks like it."""

from pathlib import Path

import pytest

from tortie.node.errors import KernelSettingFailed
from tortie.node.sysctl import (
    HOST_SETTINGS,
    WORKLOAD_SETTINGS,
    enable_forwarding,
    prepare_workload_interface,
    read_setting,
    write_setting,
)


def proc_sys(root: Path, *, has_ipv6: bool = True) -> Path:
    for path in (*HOST_SETTINGS, *(setting.format(name="cali1") for setting in WORKLOAD_SETTINGS)):
        if has_ipv6 or not path.startswith("net/ipv6"):
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text("2\n")
    return root


def test_enable_forwarding(tmp_path: Path) -> None:
    root = proc_sys(tmp_path)
    enable_forwarding(root)
    assert {path: read_setting(path, root) for path in HOST_SETTINGS} == dict(HOST_SETTINGS)


def test_prepare_workload_interface(tmp_path: Path) -> None:
    root = proc_sys(tmp_path)
    prepare_workload_interface("cali1", root)
    for path, value in WORKLOAD_SETTINGS.items():
        assert read_setting(path.format(name="cali1"), root) == value


def test_without_ipv6_its_settings_are_left_out(tmp_path: Path) -> None:
    root = proc_sys(tmp_path, has_ipv6=False)
    enable_forwarding(root)
    prepare_workload_interface("cali1", root)
    assert read_setting("net/ipv4/ip_forward", root) == "1"


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../all", "a\0b"])
def test_a_name_that_would_leave_the_folder_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(KernelSettingFailed, match="expected a name without a slash"):
        prepare_workload_interface(name, tmp_path)


def test_a_missing_interface_is_named(tmp_path: Path) -> None:
    with pytest.raises(KernelSettingFailed, match=r"conf/cali9/forwarding: No such file"):
        prepare_workload_interface("cali9", proc_sys(tmp_path))


def test_a_value_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "there").symlink_to("/proc/version")
    with pytest.raises(KernelSettingFailed, match=r"there = 1: "):
        write_setting("there", "1", tmp_path)


def test_a_setting_that_is_right_is_not_written(tmp_path: Path) -> None:
    (tmp_path / "there").symlink_to("/proc/version")
    write_setting("there", Path("/proc/version").read_text().strip(), tmp_path)
