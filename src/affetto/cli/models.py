"""`affetto models`: what ships, and how good it was measured to be."""

from __future__ import annotations

from typing import Annotated

import typer

from affetto.cli.output import ReportFormat, make_console


def models(
    output_format: Annotated[ReportFormat, typer.Option("--format", help="How to print them.")] = ReportFormat.table,
) -> None:
    """List the models that ship with the package and their measured figures."""
    import json

    from affetto.recognition.bundle import bundled_models, load_bundle
    from affetto.recognition.recognizer import DEFAULT_MODEL

    bundles = [load_bundle(folder) for folder in bundled_models().values()]
    if output_format is ReportFormat.json:
        typer.echo(json.dumps([dict(bundle.manifest) for bundle in bundles], indent=2, ensure_ascii=False))
        return
    from rich.table import Table

    table = Table("model", "version", "size", "measured on", "UAR %", "95 % interval", "accuracy %", "licence")
    for column in table.columns[2:7]:
        column.no_wrap = True
    for bundle in bundles:
        name = f"{bundle.name} (default)" if bundle.name == DEFAULT_MODEL else bundle.name
        size = f"{bundle.manifest['model']['bytes'] / 1e6:.1f} MB"
        results = bundle.manifest.get("results", []) or [None]
        for index, result in enumerate(results):
            row = ["", "", ""] if index else [name, bundle.version, size]
            if result:
                low, high = result["uar_interval"]
                row += [f"{result['corpus']}, {result['protocol']}", f"{100 * result['uar']:.1f}"]
                row += [f"{100 * low:.1f} to {100 * high:.1f}", f"{100 * result['accuracy']:.1f}"]
            else:
                row += ["", "", "", ""]
            table.add_row(*row, "" if index else bundle.manifest["licence"])
    make_console().print(table)
