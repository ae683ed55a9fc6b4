"""The `tortie` command: calicoctl's grammar, one verb a module in ``verbs``.

What it is for: reading arguments, calling one function of a lower package, and showing its result as text, YAML
or JSON. What it is NOT for: deciding anything; what a verb does lives in ``change``, ``node``, ``lab``, ``web``.
To know first: ``app.py``, the literal table of all verbs, and ``errors.py``, the exit codes.

Start-up matters: nothing here imports pydantic, HTTP or rich at module level; a verb imports what it needs when
it runs.
"""

from tortie.cli.app import run_command_line

__all__ = ["run_command_line"]
