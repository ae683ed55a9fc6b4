"""``tortie version``: which tortie this is."""

import click

from tortie.cli.options import TextOrJSON, text_or_json_option

__all__ = ["version"]


@click.command
@text_or_json_option
def version(output: str) -> None:
    """Print the version of tortie, of Python and of the system."""
    import json
    import platform

    import tortie

    facts = {
        "version": tortie.__version__,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
    }
    if output == TextOrJSON.JSON:
        click.echo(json.dumps(facts, indent=2))
    else:
        click.echo(f"tortie {facts['version']} (Python {facts['python']}, {facts['system']})")
