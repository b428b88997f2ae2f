"""Bring the manifests of the bundles that ship up to what was measured, and write their model cards.

    python benchmarks/cards.py            change src/affetto/models/*/manifest.json, write docs/models/*.md
    python benchmarks/cards.py --check    fail if one of them is not what benchmarks/results/ gives

Run it after anything was measured anew, and after a bundle was trained anew. No model is touched.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from affetto.bundles.bundle import MANIFEST_FILE, Bundle, load_bundle, update_manifest
from affetto.bundles.card import model_card
from affetto.errors import AffettoError
from figures import figures
from generated import keep, report_stale

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).resolve().parents[1]


def shipped(root: Path) -> list[Path]:
    """Return the folders of the bundles that ship, by name."""
    return sorted(path.parent for path in (root / "src" / "affetto" / "models").glob(f"*/{MANIFEST_FILE}"))


def refresh(folder: Path, root: Path = ROOT) -> Bundle:
    """Put what was measured into a bundle's manifest.

    Parameters
    ----------
    folder : Path
        The bundle.
    root : Path
        The repository, whose ``benchmarks/results`` holds what was measured.

    Returns
    -------
    Bundle
        As it is now.

    Raises
    ------
    BundleError
        If it is damaged.
    ParameterError
        If a file of results cannot be read.
    """
    return update_manifest(folder, figures(load_bundle(folder).manifest, root / "benchmarks" / "results"))


def is_fresh(folder: Path, root: Path = ROOT) -> bool:
    """Whether `refresh` would change nothing; it raises the same."""
    manifest = load_bundle(folder).manifest
    measured = figures(manifest, root / "benchmarks" / "results")
    return all(manifest.get(field) == value for field, value in measured.items())


def card_files(root: Path = ROOT) -> dict[Path, str]:
    """Return the card of each bundle that ships, by the path of its file."""
    return {root / "docs" / "models" / f"{f.name}.md": model_card(load_bundle(f).manifest) for f in shipped(root)}


def main(arguments: Sequence[str] | None = None, *, root: Path = ROOT) -> int:
    """Run the command; 0: done, 1: a manifest or a card is out of date, 2: something is wrong with a file."""
    parser = argparse.ArgumentParser(description="Put what was measured into manifests and model cards.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a file is another")
    options = parser.parse_args(arguments)
    try:
        folders = shipped(root)
        stale = [folder for folder in folders if not is_fresh(folder, root)] if options.check else []
        for folder in stale:
            report_stale(folder / MANIFEST_FILE, script="cards")
        if not options.check:
            for folder in folders:
                refresh(folder, root)
        return max(int(bool(stale)), keep(card_files(root), check=options.check, script="cards"))
    except (AffettoError, OSError) as error:
        print(f"cards: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
