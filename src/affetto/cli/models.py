"""`affetto models`: the shipped models, their measured figures, and the card of each."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer
from typer import Argument, Option

from affetto.cli.output import make_console
from affetto.errors import ParameterError

PortableOption = Annotated[
    Path | None,
    Option(metavar="FOLDER", help="Write the model for other languages here, with the voice activity detector."),
]


def models(
    model: Annotated[str | None, Argument(metavar="BUNDLE", help="A name from the list, or a bundle's folder.")] = None,
    output_format: Annotated[
        Literal["table", "markdown", "json"] | None,
        Option("--format", help="How to print. [default: table; of one model its card, markdown in a pipe]"),
    ] = None,
    portable: PortableOption = None,
) -> None:
    """List the models that ship with the package and their measured figures, or print the card of one model."""
    from affetto.bundles.bundle import bundled_models, find_bundle, load_bundle

    if portable is not None:
        _write_portable(model, portable)
        return
    if model is None and output_format == "markdown":
        raise ParameterError("--format markdown is for the card of one model; name it: affetto models BUNDLE")
    folders = bundled_models().values() if model is None else [find_bundle(model)]
    bundles = [load_bundle(folder) for folder in folders]
    if output_format == "json":
        manifests = [dict(bundle.manifest) for bundle in bundles]
        typer.echo(json.dumps(manifests if model is None else manifests[0], indent=2, ensure_ascii=False))
    elif model is None or output_format == "table":
        from affetto.exports.summaries import model_table
        from affetto.recognition.recognizer import DEFAULT_MODEL

        make_console().print(model_table(bundles, default=DEFAULT_MODEL))
    else:
        from affetto.bundles.card import model_card

        card = model_card(bundles[0].manifest)
        if output_format == "markdown" or not sys.stdout.isatty():
            typer.echo(card, nl=False)
            return
        from rich.markdown import Markdown

        make_console().print(Markdown(card))


def _write_portable(model: str | None, folder: Path) -> None:
    from affetto.bundles.bundle import find_bundle, load_bundle
    from affetto.bundles.portable import write_portable

    if model is None:
        raise ParameterError("--portable is for one model; name it: affetto models BUNDLE --portable FOLDER")
    bundle = write_portable(load_bundle(find_bundle(model)), folder)
    typer.echo(f"Wrote {bundle.name} to {folder}. Run it here, too: affetto recognize FILE --model {folder}")
