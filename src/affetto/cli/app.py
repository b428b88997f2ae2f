"""All commands under one name."""

from __future__ import annotations

from typing import Annotated

import typer

from affetto.cli import adapt, corpus, evaluate, listen, models, recognize, robustness, serve, train

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Speech emotion recognition: a recording goes in, the emotion that its voice expresses comes out.",
)
for command in (
    *(recognize.recognize, listen.listen, serve.serve, adapt.adapt, models.models),
    *(train.train, evaluate.evaluate, evaluate.compare, robustness.robustness),
):
    app.command()(command)
app.add_typer(corpus.app, name="corpus")


def _print_version(asked: bool) -> None:
    if asked:
        from affetto import __version__

        typer.echo(f"affetto {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Take the options that stand before a command."""
