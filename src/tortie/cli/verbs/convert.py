"""``tortie convert``: resources of calicoctl v1 as those of today."""

from pathlib import Path

import click

from tortie.cli.options import Source, YAMLOrJSON, choice, manifest_options

__all__ = ["convert"]


@click.command
@manifest_options()
@click.option(
    "--output", "-o", type=choice(YAMLOrJSON), default=YAMLOrJSON.YAML.value, show_default=True, help="What to print."
)
@click.option("--ignore-validation", is_flag=True, help="Refused: what cannot be used is not converted.")
def convert(*, file: Path, recursive: bool, skip_empty: bool, output: str, ignore_validation: bool) -> None:
    """Print resources of calicoctl v1 as those of projectcalico.org/v3.

    Nothing is stored. Peers and pools get the names that calicoctl gives them: the address or CIDR with dashes.
    Resources of v3 are printed as they are.

    \b
    tortie convert -f old.yaml > new.yaml
    """
    from tortie.cli.changing import read_source
    from tortie.cli.errors import CommandFailed
    from tortie.cli.printing import data_text

    if ignore_validation:
        raise CommandFailed("--ignore-validation: a resource that cannot be used has no v3 form here; mend it first")
    documents = [item.resource.to_data() for item in read_source(Source(file, recursive, skip_empty))]
    click.echo(data_text(documents[0] if len(documents) == 1 else documents, output), nl=False)
