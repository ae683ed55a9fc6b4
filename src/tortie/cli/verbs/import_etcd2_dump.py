"""``tortie import etcd2-dump``: take over what calicoctl v1 wrote."""

from pathlib import Path

import click

from tortie.cli.options import TextOrJSON, datastore_option, import_options, path, text_or_json_option

__all__ = ["import_etcd2_dump"]


@click.command("etcd2-dump")
@click.argument("file", type=path())
@import_options
@text_or_json_option
@datastore_option
def import_etcd2_dump(
    *, file: Path, existing: str, dry_run: bool, yes: bool, output: str, datastore: str | None
) -> None:
    """Import the keys of an etcd v2 store, as Calico up to v2.6 kept them.

    FILE is what `curl .../v2/keys/calico?recursive=true` printed, or lines of a key and its value; - reads standard
    input. What would be written is shown first, then asked for.

    \b
    curl --cacert ca.pem --cert cert.pem --key key.pem \\
        'https://10.10.31.190:2379/v2/keys/calico?recursive=true' > dump.json
    tortie import etcd2-dump dump.json --dry-run
    tortie import etcd2-dump dump.json --yes
    """
    from tortie.change.importing import Existing
    from tortie.cli.changing import read_text
    from tortie.cli.importing import import_resources
    from tortie.model.v1.dump import keys_of_dump
    from tortie.model.v1.etcd2 import from_etcd2

    dump = from_etcd2(keys_of_dump(read_text(file), str(file)))
    import_resources(
        dump,
        datastore,
        existing=Existing(existing),
        is_dry_run=dry_run,
        is_sure=yes,
        output=TextOrJSON(output),
    )
