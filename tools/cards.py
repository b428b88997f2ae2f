"""Put the published figures into the manifests of the bundles that ship, and write their model cards.

    python -m tools.cards            change src/affetto/models/*/manifest.json, write docs/models/*.md
    python -m tools.cards --check    fail if a file differs

Run it after a measurement and after training. The models do not change.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from affetto.bundles.bundle import MANIFEST_FILE, Bundle, load_bundle, update_manifest
from affetto.bundles.card import model_card
from affetto.errors import AffettoError
from tools.figures import figures
from tools.generated import RESULTS, ROOT, generate

if TYPE_CHECKING:
    from collections.abc import Sequence

CARDS = Path("docs", "models")


def shipped(root: Path) -> list[Path]:
    """Return the folders of the bundles that ship, by name."""
    return sorted(path.parent for path in (root / "src" / "affetto" / "models").glob(f"*/{MANIFEST_FILE}"))


def refresh(folder: Path, root: Path = ROOT) -> Bundle:
    """Put the published figures into a bundle's manifest, and return the bundle.

    Raises
    ------
    BundleError
        If it is damaged.
    ParameterError
        If a file of results cannot be read.
    """
    return update_manifest(folder, figures(load_bundle(folder).manifest, root / RESULTS))


def is_fresh(folder: Path, root: Path = ROOT) -> bool:
    """Return whether `refresh` would change nothing; it raises the same."""
    manifest = load_bundle(folder).manifest
    return all(manifest.get(field) == value for field, value in figures(manifest, root / RESULTS).items())


def cards(root: Path) -> dict[Path, str]:
    """Return the card of each bundle that ships, by the path of its file."""
    return {root / CARDS / f"{folder.name}.md": model_card(load_bundle(folder).manifest) for folder in shipped(root)}


def main(arguments: Sequence[str] | None = None, *, root: Path = ROOT) -> int:
    """Run the command; see `tools.generated.generate`."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_known_args(arguments)[0].check
    stale = []
    try:
        for folder in shipped(root):
            if not check:
                refresh(folder, root)
            elif not is_fresh(folder, root):
                stale.append(folder / MANIFEST_FILE)
    except (AffettoError, OSError) as error:
        print(f"cards: {error}", file=sys.stderr)
        return 2
    for manifest in stale:
        print(f"cards: {manifest} is out of date; run: python -m tools.cards", file=sys.stderr)
    return max(int(bool(stale)), generate("cards", cards, description=__doc__, arguments=arguments, root=root))


if __name__ == "__main__":
    sys.exit(main())
