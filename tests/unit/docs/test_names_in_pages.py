"""Paths and functions that pages written by hand name do exist."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from documents import DOCS, REPOSITORY, SOURCE

STEP = re.compile(r"`([\w/]+\.py)\s+(\w+(?:\.\w+)*(?:,\s+\w+(?:\.\w+)*)*)`")
"""`path function` or `path function, function` in a walk."""

README_PATH = re.compile(r"`([\w./-]*/[\w./-]*)`")
LINK = re.compile(r"\]\(([^)#]+)(?:#[^)]*)?\)")
ROW = re.compile(r"^\| `([\w.-]+)` \|", re.MULTILINE)
PAGES = (REPOSITORY / "README.md", *sorted(DOCS.glob("*.md")))


def walk_steps() -> list[tuple[str, str]]:
    """Return (path below src/tortie, name) of every step of the walks."""
    text = (DOCS / "architecture.md").read_text(encoding="utf-8")
    return [(path, name) for path, names in STEP.findall(text) for name in re.split(r",\s+", names)]


def defined_names(path: Path) -> set[str]:
    """Return the functions, classes, methods and constants that a module defines, methods with and without class."""
    return set(_defined(ast.parse(path.read_text(encoding="utf-8")).body, ""))


def _defined(body: list[ast.stmt], owner: str) -> Iterator[str]:
    for statement in body:
        match statement:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield from (name, f"{owner}{name}")
            case ast.ClassDef(name=name, body=inner):
                yield name
                yield from _defined(inner, f"{name}.")
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                yield name


def test_walks_have_steps() -> None:
    assert len(walk_steps()) >= 20


@pytest.mark.parametrize(("path", "name"), walk_steps(), ids=[f"{path} {name}" for path, name in walk_steps()])
def test_step_of_a_walk_exists(path: str, name: str) -> None:
    assert (SOURCE / path).is_file(), f"docs/architecture.md names src/tortie/{path}, which does not exist"
    assert name in defined_names(SOURCE / path), f"docs/architecture.md: {path} defines no {name}"


def test_paths_in_the_readme_exist() -> None:
    named = README_PATH.findall((REPOSITORY / "README.md").read_text(encoding="utf-8"))
    elsewhere = ("~/.local/share/tortie", ".venv/bin/tortie")
    missing = [
        path
        for path in named
        if path not in elsewhere and not (REPOSITORY / path).exists() and not (SOURCE / path).exists()
    ]
    assert missing == []


def test_every_package_is_on_the_map() -> None:
    text = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    packages = [folder.name for folder in SOURCE.iterdir() if any(folder.glob("*.py"))]
    assert [name for name in sorted(packages) if f"`src/tortie/{name}/`" not in text] == []


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_links_lead_somewhere(page: Path) -> None:
    targets = [link for link in LINK.findall(page.read_text(encoding="utf-8")) if "://" not in link]
    assert [link for link in targets if not (page.parent / link).exists()] == []


def test_every_dependency_has_a_row() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    rows = ROW.findall((DOCS / "dependencies.md").read_text(encoding="utf-8"))
    assert sorted(rows) == sorted(re.split(r"[<>=!~\[; ]", text)[0] for text in wanted)
