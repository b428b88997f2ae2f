"""Bring everything that is generated from `benchmarks/results` up to date.

    python -m tools.publish            write tables, calibration, manifests, model cards and figures
    python -m tools.publish --check    fail if one of them is out of date (but for the figures of the docs)

It runs `tools.calibration`, `tools.results`, `tools.corpora`, `tools.cards`, `tools.service` and `tools.pictures`.
"""

from __future__ import annotations

import argparse
import sys

from tools import calibration, cards, corpora, results, service

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if something is out of date")
    arguments = ["--check"] if parser.parse_args().check else []
    codes = [script.main(arguments) for script in (calibration, results, corpora, cards, service)]
    if "--check" not in arguments:
        from tools import pictures

        pictures.main()
    sys.exit(max(codes))
