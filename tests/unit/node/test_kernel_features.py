"""Features of the kernel: those of this machine, and modules as files name them."""

import os
from pathlib import Path

import pytest

from tortie.node.kernel_features import _find_module, find_lacking, is_clock_synchronised


def test_netlink_is_there_wherever_tests_run() -> None:
    lacking = find_lacking()
    assert "netlink" not in lacking
    assert set(lacking) <= {"nftables", "tcp_md5", "vxlan"}


def test_the_kernel_says_whether_the_clock_is_kept() -> None:
    assert is_clock_synchronised() in (True, False, None)


@pytest.mark.parametrize("file", ["modules.builtin", "modules.dep"])
def test_a_module_that_can_be_loaded(tmp_path: Path, file: str) -> None:
    assert _find_module("vxlan", tmp_path) != ""
    folder = tmp_path / "lib/modules" / os.uname().release
    folder.mkdir(parents=True)
    (folder / file).write_text("kernel/drivers/net/xvxlan.ko:\n", encoding="utf-8")
    assert _find_module("vxlan", tmp_path) != ""
    (folder / file).write_text("kernel/drivers/net/vxlan/vxlan.ko.xz:\n", encoding="utf-8")
    assert _find_module("vxlan", tmp_path) == ""


def test_a_module_that_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "sys/module/vxlan").mkdir(parents=True)
    assert _find_module("vxlan", tmp_path) == ""
