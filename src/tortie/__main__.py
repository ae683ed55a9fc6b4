"""The entry point of the `tortie` command and of ``python -m tortie``.

What it is NOT for: anything but starting ``cli``. It answers to the name it was called by, so a link named
`calicoctl` shows its own name in its help.
"""

import sys
from pathlib import Path

__all__ = ["main"]

COMMAND_NAME = "tortie"


def main() -> None:
    """Run the command line and end the process with its exit code (``cli.errors.ExitCode``)."""
    from tortie.cli import run_command_line

    called_as = Path(sys.argv[0]).name
    sys.exit(run_command_line(sys.argv[1:], COMMAND_NAME if called_as == "__main__.py" else called_as))


if __name__ == "__main__":
    main()
