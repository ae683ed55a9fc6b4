"""``tortie api token``: bearer tokens of the API: create, list, revoke."""

from pathlib import Path

import click

from tortie.cli.options import TextOrJSON, path, text_or_json_option

__all__ = ["api_token"]

tokens_option = click.option(
    "--tokens",
    metavar="FILE",
    type=path(),
    help="The file of tokens. Default: api-tokens.json in /var/lib/tortie, or in ~/.local/share/tortie.",
)
name_option = click.option("--name", metavar="NAME", required=True, help="Who it is for; the log names it.")


@click.group("token")
def api_token() -> None:
    """Bearer tokens of the API: create, list, revoke.

    The file holds their hashes only. `tortie api --tokens FILE` takes them, and notices changes by itself.
    """


@api_token.command("create")
@click.option("--role", type=click.Choice(["read", "write"]), required=True, help="What its owner may do.")
@name_option
@click.option("--expires", metavar="TIME", default="90d", show_default=True, help="Days (90d), hours (12h), or never.")
@tokens_option
def create(*, role: str, name: str, expires: str, tokens: Path | None) -> None:
    """Make a token and print it, this once.

    \b
    tortie api token create --role read --name dashboard --expires 90d
    curl -H "Authorization: Bearer $TOKEN" --cacert ca.pem https://10.10.31.190:2379/v2/keys/calico/bgp/v1/rr_v4
    """
    from tortie.cli.api_tokens import lifetime, token_file
    from tortie.cli.datastore import utc_now

    now, lasts = utc_now(), lifetime(expires)
    click.echo(token_file(tokens).create(name, role, now, None if lasts is None else now + lasts))


@api_token.command("list")
@text_or_json_option
@tokens_option
def list_tokens(*, output: str, tokens: Path | None) -> None:
    """Show which tokens there are; none can be read from it."""
    import json

    from tortie.cli.api_tokens import token_file
    from tortie.cli.datastore import utc_now
    from tortie.cli.tables import aligned_table

    found, now = token_file(tokens).tokens(), utc_now()
    if output == TextOrJSON.JSON.value:
        fields = ("name", "role", "created", "expires")
        click.echo(json.dumps([{name: getattr(token, name) for name in fields} for token in found], indent=2))
        return
    rows = [
        [token.name, token.role, token.created, "expired" if token.is_expired(now) else token.expires or "never"]
        for token in found
    ]
    click.echo(aligned_table(("NAME", "ROLE", "CREATED", "EXPIRES"), rows), nl=False)


@api_token.command("revoke")
@name_option
@tokens_option
def revoke(*, name: str, tokens: Path | None) -> None:
    """Forget a token: from now on it is refused."""
    from tortie.cli.api_tokens import token_file

    token_file(tokens).revoke(name)
