"""Manual pages in roff, taken from the command itself: what it installs is what it is.

What it is for: one page a verb, for man(1); roff's `man` macros, man(7). What it is NOT for: Markdown
(docs/cli.md is made by scripts/gen-docs), writing files (``verbs/man.py``).
"""

import inspect
from collections.abc import Iterator, Mapping
from typing import Final

import click

from tortie import __version__
from tortie.cli.errors import EXIT_MEANINGS

__all__ = ["SECTION", "man_pages"]

SECTION: Final = 1
AS_IT_STANDS: Final = "\b\n"
"""click's mark of a paragraph that keeps its lines."""


def man_pages(root: click.Group, name: str) -> dict[str, str]:
    """Return name → roff of every page, the whole command's first: `tortie`, `tortie-node`, `tortie-node-run`.

    Args:
        root: the command.
        name: what it is called by.
    """
    return {path.replace(" ", "-"): _page(command, path, root) for path, command in _walk(root, name)}


def _walk(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        for name in command.list_commands(click.Context(command)):
            yield from _walk(command.commands[name], f"{path} {name}")


def _page(command: click.Command, path: str, root: click.Group) -> str:
    title = path.replace(" ", "-")
    first, _, rest = inspect.cleandoc(command.help or "").partition("\n\n")
    lines = [
        f'.TH {title.upper()} {SECTION} "" "tortie {__version__}" "Tortie"',
        ".SH NAME",
        f"{_text(title)} \\- {_text(first.rstrip('.'))}",
        ".SH SYNOPSIS",
        f".B {_text(path)}",
        " ".join(_text(word) for word in command.collect_usage_pieces(click.Context(command))),
        *_description(first, rest),
        *_options(command),
        *_commands(command),
        *(_exit_status() if command is root else ()),
        ".SH SEE ALSO",
        *_see_also(command, path),
    ]
    return "\n".join(lines) + "\n"


def _description(first: str, rest: str) -> Iterator[str]:
    yield ".SH DESCRIPTION"
    yield _text(first)
    for part in filter(None, rest.split("\n\n")):
        if part.startswith(AS_IT_STANDS):
            yield from (".PP", ".RS 4", ".nf", _text(part.removeprefix(AS_IT_STANDS)), ".fi", ".RE")
        else:
            yield from (".PP", _text(part))


def _options(command: click.Command) -> Iterator[str]:
    options = [parameter for parameter in command.params if isinstance(parameter, click.Option)]
    if options:
        yield ".SH OPTIONS"
    context = click.Context(command)
    for option in options:
        record = option.get_help_record(context)
        if record is not None:
            yield from (".TP", f".B {_text(record[0])}", _text(record[1]))


def _commands(command: click.Command) -> Iterator[str]:
    if isinstance(command, click.Group):
        yield ".SH COMMANDS"
        for name in command.list_commands(click.Context(command)):
            yield from (".TP", f".B {_text(name)}", _text(command.commands[name].get_short_help_str(limit=200)))


def _exit_status() -> Iterator[str]:
    yield ".SH EXIT STATUS"
    for code, meaning in EXIT_MEANINGS.items():
        yield from (".TP", f".B {code.value}", _text(meaning))


def _see_also(command: click.Command, path: str) -> list[str]:
    above, _, _ = path.rpartition(" ")
    below = command.list_commands(click.Context(command)) if isinstance(command, click.Group) else []
    pages = [*([above] if above else []), *(f"{path} {name}" for name in below)]
    return [", ".join(f"\\fB{_text(page.replace(' ', '-'))}\\fR({SECTION})" for page in pages)]


_ESCAPES: Final[Mapping[str, str]] = {"\\": "\\e", "-": "\\-", "'": "\\(aq", "`": "\\(ga", "^": "\\(ha", "~": "\\(ti"}


def _text(text: str) -> str:
    """Return text as roff prints it unchanged; no line of it is taken for a request."""
    escaped = "".join(_ESCAPES.get(character, character) for character in text)
    return "\n".join(f"\\&{line}" if line.startswith(".") else line for line in escaped.splitlines())
