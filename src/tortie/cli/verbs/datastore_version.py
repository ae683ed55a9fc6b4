"""``tortie datastore version``: which form the datastore is kept in."""

import click

from tortie.cli.options import TextOrJSON, datastore_option, text_or_json_option

__all__ = ["datastore_version"]


@click.command
@text_or_json_option
@datastore_option
def datastore_version(output: str, datastore: str | None) -> None:
    """Show the version of the datastore's schema, and those this tortie uses.

    The exit code is 1 if this tortie must leave the datastore alone, with the reason on standard error.
    """
    import json

    from tortie.cli.datastore import with_driver
    from tortie.store.schema import SCHEMA_KEY, SCHEMA_VERSION, SCHEMA_VERSION_OLDEST, check_schema, read_schema

    schema = read_schema(with_driver(datastore, lambda store: store.get(SCHEMA_KEY)))
    if output == TextOrJSON.JSON:
        facts = {
            "version": schema.version,
            "upgrading_from": schema.upgrading_from,
            "is_recorded": schema.mod_revision > 0,
            "newest_known": SCHEMA_VERSION,
            "oldest_known": SCHEMA_VERSION_OLDEST,
        }
        click.echo(json.dumps(facts, indent=2))
    else:
        recorded = "" if schema.mod_revision else " (not recorded: no `tortie datastore upgrade` was run yet)"
        click.echo(f"schema of the datastore: {schema.version}{recorded}")
        click.echo(f"this tortie uses: {SCHEMA_VERSION_OLDEST} to {SCHEMA_VERSION}")
    check_schema(schema)
