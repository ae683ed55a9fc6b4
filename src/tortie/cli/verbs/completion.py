"""``tortie completion``: what a shell needs to complete our words."""

import click

__all__ = ["completion"]


@click.command
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print what makes a shell complete our words.

    \b
    eval "$(tortie completion bash)"                        in ~/.bashrc
    eval "$(tortie completion zsh)"                         in ~/.zshrc
    tortie completion fish > ~/.config/fish/completions/tortie.fish
    """
    from click.shell_completion import get_completion_class

    root = context.find_root()
    name = root.info_name or "tortie"
    script_class = get_completion_class(shell)
    assert script_class is not None, f"the argument allows {shell} only if there is a script for it"
    variable = f"_{name.upper().replace('-', '_').replace('.', '_')}_COMPLETE"
    click.echo(script_class(root.command, {}, name, variable).source())
