"""``tortie man``: the manual pages of this very version."""

from pathlib import Path

import click

from tortie.cli.errors import CommandFailed, ExitCode
from tortie.cli.options import path

__all__ = ["man"]


@click.command
@click.argument("words", metavar="[VERB]...", nargs=-1)
@click.option("--directory", metavar="DIRECTORY", type=path(), help="Write all pages there; the directory is made.")
@click.pass_context
def man(context: click.Context, words: tuple[str, ...], directory: Path | None) -> None:
    """Print a manual page, or write all of them for man(1).

    \b
    tortie man node run | man -l -
    tortie man --directory /usr/local/share/man/man1
    """
    from tortie.cli.man_pages import SECTION, man_pages

    root = context.find_root()
    assert isinstance(root.command, click.Group), "the root is the tree of verbs"
    name = root.info_name or "tortie"
    pages = man_pages(root.command, name)
    if directory is not None:
        if words:
            raise CommandFailed("man: either VERB or --directory, not both", ExitCode.USAGE)
        directory.mkdir(parents=True, exist_ok=True)
        for page, text in pages.items():
            (directory / f"{page}.{SECTION}").write_text(text, encoding="utf-8")
        click.echo(f"wrote {len(pages)} pages to {directory}")
        return
    wanted = "-".join([name, *words])
    if wanted not in pages:
        raise CommandFailed(f"man: there is no page {wanted}; expected the words of a verb, such as: node run")
    click.echo(pages[wanted], nl=False)
