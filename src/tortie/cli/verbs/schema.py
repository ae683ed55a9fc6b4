"""``tortie schema``: the JSON Schema of a kind."""

import click

from tortie.cli.options import kind_argument

__all__ = ["schema"]


@click.command
@kind_argument
def schema(kind: str) -> None:
    """Print the JSON Schema of a kind's manifests.

    For editors and other programs: fields, words, ranges. Rules between fields, which JSON Schema cannot say, are
    checked by `validate`.

    \b
    tortie schema bgpPeer > bgppeer.schema.json
    """
    import json

    from tortie.model import find_kind
    from tortie.model.json_schema import json_schema

    click.echo(json.dumps(json_schema(find_kind(kind)), indent=2))
