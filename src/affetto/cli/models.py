"""`affetto models`: what ships, how good it was measured to be, and the card of each model."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from affetto.adaptation.prior import describe_prior
from affetto.cli.output import make_console
from affetto.errors import BundleError, ParameterError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from affetto.bundles.bundle import Bundle


class ModelsFormat(StrEnum):
    """How models are printed."""

    table = "table"
    markdown = "markdown"
    json = "json"


def models(
    model: Annotated[
        str | None, typer.Argument(metavar="BUNDLE", help="A name from the list, or a bundle's folder: its card.")
    ] = None,
    output_format: Annotated[
        ModelsFormat | None,
        typer.Option("--format", help="How to print. [default: table; of one model its card, markdown in a pipe]"),
    ] = None,
) -> None:
    """List the models that ship with the package and their measured figures, or print the card of one model."""
    import json

    from affetto.bundles.bundle import bundled_models, find_bundle, load_bundle

    if model is None and output_format is ModelsFormat.markdown:
        raise ParameterError("--format markdown is for the card of one model; name it: affetto models BUNDLE")
    folders = bundled_models().values() if model is None else [find_bundle(model)]
    bundles = [load_bundle(folder) for folder in folders]
    if output_format is ModelsFormat.json:
        manifests: list[Any] = [dict(bundle.manifest) for bundle in bundles]
        content = manifests if model is None else manifests[0]
        typer.echo(json.dumps(content, indent=2, ensure_ascii=False))
    elif model is None or output_format is ModelsFormat.table:
        _print_table(bundles)
    else:
        _print_card(bundles[0], plain=output_format is ModelsFormat.markdown)


def _print_card(bundle: Bundle, *, plain: bool) -> None:
    """Print a card as people read it in a terminal; as Markdown if that is asked for, or where nobody reads it yet."""
    from affetto.bundles.card import model_card

    card = model_card(bundle.manifest)
    if plain or not sys.stdout.isatty():
        typer.echo(card, nl=False)
        return
    from rich.markdown import Markdown

    make_console().print(Markdown(card))


def _print_table(bundles: Sequence[Bundle]) -> None:
    from rich.table import Table
    from rich.text import Text

    from affetto.recognition.recognizer import DEFAULT_MODEL

    table = Table("model", "version", "size", "prior", "measured on", "UAR %", "95 % interval", "accuracy %", "licence")
    for column in table.columns[2:8]:
        column.no_wrap = True
    for bundle in bundles:
        try:
            rows = list(_rows(bundle, is_default=bundle.name == DEFAULT_MODEL))
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise BundleError(
                f"{bundle.folder} cannot be listed, since its manifest says something else than "
                f"docs/reference/bundles.md about its results ({type(error).__name__}: {error}); train the bundle again"
            ) from error
        for row in rows:
            table.add_row(*map(Text, row))
    make_console().print(table)


def _rows(bundle: Bundle, *, is_default: bool) -> Iterator[list[str]]:
    manifest = bundle.manifest
    first = [f"{bundle.name} (default)" if is_default else bundle.name, bundle.version]
    first += [f"{manifest['model']['bytes'] / 1e6:.1f} MB", describe_prior(bundle.prior)]
    for index, result in enumerate(manifest.get("results") or [None]):
        figures = ["", "", "", ""]
        if result:
            interval = " to ".join(f"{100 * end:.1f}" for end in result.get("uar_interval") or ())
            uar, accuracy = (f"{100 * result[name]:.1f}" for name in ("uar", "accuracy"))
            figures = [f"{result['corpus']}, {result['protocol']}", uar, interval, accuracy]
        yield [*([""] * len(first) if index else first), *figures, "" if index else str(manifest["licence"])]
