"""The wheel and the sdist: what is in them, and that they install without a compiler on every Python they claim.

One installation for one Python is in every run: those of test_page.py and test_booted.py.
"""

import os
import subprocess
import sys
import tarfile
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

from documents import REPOSITORY, SOURCE

PYTHONS = ("3.11", "3.12", "3.13", "3.14")
TIMEOUT_S = 300


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build both, as anybody would; the wheel comes out of the sdist."""
    into = tmp_path_factory.mktemp("dist")
    done = subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(into), str(REPOSITORY)],
        capture_output=True, text=True, timeout=TIMEOUT_S, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return into


def wheel(folder: Path) -> Path:
    """Return the wheel."""
    (found,) = folder.glob("*.whl")
    return found


def clean_environment() -> dict[str, str]:
    """Return an environment in which only what is installed is found."""
    return {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}


def test_the_wheel_is_pure_python_and_whole(folder: Path) -> None:
    file = wheel(folder)
    assert file.name.endswith("-py3-none-any.whl")
    names = set(zipfile.ZipFile(file).namelist())
    ours = {f"tortie/{path.relative_to(SOURCE)}" for path in SOURCE.rglob("*.py")}
    assert ours <= names
    assert {f"tortie/lab/topologies/{path.name}" for path in (SOURCE / "lab/topologies").iterdir()} <= names
    assert "tortie/py.typed" in names
    shared = {name.partition(".data/data/")[2] for name in names if ".data/data/" in name}
    deploy = REPOSITORY / "deploy"
    assert shared == {
        f"share/tortie/{path.relative_to(deploy)}"
        for kind in ("systemd", "sysctl")
        for path in (deploy / kind).iterdir()
    }
    others = [name for name in names if not name.startswith(("tortie/", "tortie-"))]
    assert others == []


def test_the_sdist_has_what_the_wheel_is_made_of(folder: Path) -> None:
    (file,) = folder.glob("*.tar.gz")
    with tarfile.open(file) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    wanted = {"pyproject.toml", "README.md", "LICENSE", "deploy/systemd/tortie-node.service"}
    assert wanted | {f"src/tortie/{path.relative_to(SOURCE)}" for path in SOURCE.rglob("*.py")} <= names


@pytest.mark.all
def test_it_installs_without_a_compiler_and_runs(folder: Path, tmp_path: Path) -> None:
    prefix = tmp_path / "opt"
    venv.create(prefix, with_pip=True)
    install(prefix / "bin" / "python", folder)
    check_installed(prefix)


def install(python: Path, folder: Path) -> None:
    """Install the wheel, and wheels only, in an environment."""
    done = subprocess.run(
        [python, "-m", "pip", "install", "--quiet", "--only-binary", ":all:", str(wheel(folder))],
        capture_output=True, text=True, timeout=TIMEOUT_S, check=False, env=clean_environment(),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def check_installed(prefix: Path) -> None:
    """See that the command runs from there, with all that belongs to it."""

    def said(*words: str) -> str:
        command = [str(prefix / "bin" / "tortie"), *words]
        environment = {**clean_environment(), "TORTIE_DATASTORE": f"sqlite://{prefix}/s.db"}
        return subprocess.run(
            command, stdout=subprocess.PIPE, text=True, timeout=60, check=True, env=environment, cwd=prefix
        ).stdout

    assert said("--version").startswith("tortie ")
    assert said("config", "set", "logLevel", "info") == ""
    assert said("config", "get", "logLevel") == "info\n"
    assert said("get", "nodes").startswith("NAME")
    assert "SYNOPSIS" in said("man", "node", "run")
    assert "_TORTIE_COMPLETE" in said("completion", "bash")
    topologies = "from tortie.lab.topology import known_topologies as k; print(*k())"
    done = subprocess.run(
        [prefix / "bin" / "python", "-c", topologies],
        capture_output=True, text=True, timeout=60, check=True, env=clean_environment(), cwd=prefix,
    )  # fmt: skip
    assert "seed" in done.stdout.split()
    assert (prefix / "share/tortie/systemd/tortie-node.service").is_file()


def test_it_claims_the_pythons_that_are_tried() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["requires-python"] == f">={PYTHONS[0]}"
    claimed = [text.rpartition(" ")[2] for text in project["classifiers"] if " :: 3." in text]
    assert claimed == list(PYTHONS)


@pytest.mark.all
@pytest.mark.timeout(TIMEOUT_S)
@pytest.mark.parametrize("version", PYTHONS)
@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_every_dependency_has_a_wheel(folder: Path, tmp_path: Path, version: str, machine: str) -> None:
    """For Pythons and machines that need not be here: only asked for, not run."""
    platforms = [f"--platform=manylinux_2_{minor}_{machine}" for minor in range(17, 37)]
    done = subprocess.run(
        [sys.executable, "-m", "pip", "download", "--quiet", "--only-binary", ":all:", "--python-version", version,
         "--implementation=cp", f"--abi=cp{version.replace('.', '')}", "--abi=abi3", "--abi=none",
         *platforms, f"--platform=manylinux2014_{machine}", "--dest", str(tmp_path), str(wheel(folder))],
        capture_output=True, text=True, timeout=TIMEOUT_S, check=False, env=clean_environment(),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert {file.suffix for file in tmp_path.iterdir()} == {".whl"}


@pytest.mark.all
@pytest.mark.timeout(TIMEOUT_S)
@pytest.mark.parametrize("version", PYTHONS)
def test_it_runs_on_the_pythons_that_are_here(folder: Path, tmp_path: Path, version: str) -> None:
    prefix = tmp_path / "opt"
    made = subprocess.run(
        [f"python{version}", "-m", "venv", str(prefix)], capture_output=True, text=True, timeout=TIMEOUT_S, check=False
    ) if has_python(version) else None  # fmt: skip
    if made is None or made.returncode != 0:
        pytest.skip(f"no python{version} with venv here")
    install(prefix / "bin" / "python", folder)
    check_installed(prefix)


def has_python(version: str) -> bool:
    """Tell whether a Python of this version runs here (a name in PATH may be a shim of one that is not)."""
    try:
        return (
            subprocess.run([f"python{version}", "-c", ""], capture_output=True, timeout=30, check=False).returncode == 0
        )
    except FileNotFoundError:
        return False
