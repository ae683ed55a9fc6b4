"""Manual pages: one for each verb, in roff that man and mandoc take without a word."""

import os
import shutil
import subprocess
from pathlib import Path

import click
import pytest

from tortie.cli import run_command_line
from tortie.cli.app import application
from tortie.cli.errors import ExitCode
from tortie.cli.man_pages import man_pages

PAGES = man_pages(application(), "tortie")


def test_every_verb_has_one() -> None:
    assert {"tortie", "tortie-node", "tortie-node-run", "tortie-datastore-upgrade", "tortie-api"} <= set(PAGES)
    assert all(f"\n.B-{page}\n" in text.replace("\\-", "-").replace(" ", "-") for page, text in PAGES.items())


@pytest.mark.parametrize("page", PAGES)
def test_groff_takes_it_without_a_word(page: str) -> None:
    if shutil.which("groff") is None:
        assert not os.environ.get("CI"), "apt-get install -y groff-base"
        pytest.skip("no groff")
    done = subprocess.run(
        ["groff", "-man", "-Tutf8", "-P-cbou", "-ww"],
        input=PAGES[page],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "NAME" in done.stdout


def test_mandoc_takes_them(tmp_path: Path) -> None:
    if shutil.which("mandoc") is None:
        assert not os.environ.get("CI"), "apt-get install -y mandoc"
        pytest.skip("no mandoc")
    assert run_command_line(["man", "--directory", str(tmp_path / "man1")], "tortie") == ExitCode.OK
    files = [str(path) for path in (tmp_path / "man1").iterdir()]
    assert {Path(file).stem for file in files} == set(PAGES)
    done = subprocess.run(
        ["mandoc", "-Tlint", "-W", "warning", *files], capture_output=True, text=True, timeout=30, check=False
    )
    said = [line for line in (done.stdout + done.stderr).splitlines() if "missing date" not in line]
    assert said == []


def test_text_that_roff_would_take_for_its_own() -> None:
    @click.command(help="First.\n\n.SH is no heading, \\fB is no font, and 'quoted' stays.\n\n\b\n.nf\n  a\\b")
    def odd() -> None:
        pass

    group = click.Group("root", commands={"odd": odd}, help="Root.")
    text = man_pages(group, "root")["root-odd"]
    assert "\\&.SH is no heading, \\efB is no font, and \\(aqquoted\\(aq stays." in text
    assert "\n\\&.nf\n  a\\eb\n" in text


def test_one_page_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command_line(["man", "node", "run"], "tortie") == ExitCode.OK
    assert capsys.readouterr().out == PAGES["tortie-node-run"]


def test_no_such_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command_line(["man", "node", "fly"], "tortie") == ExitCode.FAILED
    assert capsys.readouterr().err.startswith("man: there is no page tortie-node-fly")
    assert run_command_line(["man", "node", "--directory", str(tmp_path)], "tortie") == ExitCode.USAGE
