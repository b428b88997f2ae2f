"""`affetto robustness`: what noise, rooms, telephones and codecs cost a model."""

from __future__ import annotations

import json
from pathlib import Path  # noqa: TC003 (typer evaluates annotations)
from typing import Annotated, Literal, TypeAlias

from typer import Argument, Option

from affetto.cli import inputs, options
from affetto.cli.output import make_console, print_message, progress_bar
from affetto.errors import ParameterError

TableFormat: TypeAlias = Literal["table", "csv", "json"]


def robustness(
    model: Annotated[str, Argument(metavar="MODEL", help="A bundle's folder, or a name from `affetto models`.")],
    corpus: options.CorpusArgument,
    noise: Annotated[Path | None, Option(metavar="DIR", help="Recordings of noise. [default: synthetic noise]")] = None,
    rooms: Annotated[Path | None, Option(metavar="DIR", help="Impulse responses of rooms, as a condition.")] = None,
    condition: Annotated[
        list[str] | None, Option(metavar="NAME", help="Only this one: noise, or 'noise 10 dB'; several times.")
    ] = None,
    limit: Annotated[int | None, Option(metavar="N", min=1, help="Only N clips, drawn from all.")] = None,
    seed: Annotated[int, Option(metavar="N", min=0, help="Seed of all random values.")] = 0,
    denoise: Annotated[bool, Option("--denoise", help="Repeat each condition with noise removed.")] = False,
    output_format: Annotated[
        TableFormat | None, Option("--format", help="How to write it. [default: table, or --output's ending]")
    ] = None,
    output: Annotated[Path | None, Option(metavar="FILE", help="Write it to a file too: .csv or .json.")] = None,
    name: options.NameOption = None,
) -> None:
    """Measure what noise, rooms, telephones, codecs and speed cost a model.

    Each clip of a corpus is recognized as it is and in every condition. The table shows UAR, its loss against clean
    clips, and the part of clips that keep the emotion of the clean clip.
    """
    chosen = output_format or "table" if output is None else _file_format(output, output_format, model, corpus)
    from affetto._files import write_bytes
    from affetto.evaluation import run_robustness_test
    from affetto.evaluation.robustness.report import as_csv, as_dicts, robustness_table

    rows, about = run_robustness_test(
        model,
        corpus,
        noise=noise,
        rooms=rooms,
        conditions=condition,
        limit=limit,
        seed=seed,
        denoise=denoise,
        name=name,
        track=progress_bar("clips"),
    )
    content = {**about, "conditions": as_dicts(rows)}
    text = as_csv(rows) if chosen == "csv" else json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    if output is not None:
        write_bytes(output, text.encode())
    if output is None and chosen != "table":
        print(text, end="")
    else:
        title = "{model} on {corpus}, {clips} clips, {noise}".format_map(about)
        make_console().print(robustness_table(rows, title=title))
    if about["warning"] is not None:
        print_message(f"warning: {about['warning']}")


def _file_format(output: Path, output_format: TableFormat | None, model: str, corpus: Path) -> TableFormat:
    """Return the format of a file, after a check of its place."""
    from affetto._files import require_writable
    from affetto.corpora.base import require_outside

    ending = output.suffix.lower().removeprefix(".")
    chosen = output_format or ("csv" if ending == "csv" else "json" if ending == "json" else "table")
    if chosen == "table":
        raise ParameterError(f"{output} needs the format csv or json: let it end in .csv or .json, or give --format")
    require_writable(output, sources=inputs.model_files(model))
    require_outside(output, corpus)
    return chosen
