"""Measure what noise, rooms, telephones, codecs, clipping, microphones and other speeds cost on unknown speakers.

    python -m benchmarks.robustness RAVDESS --noise NOISE --rooms ROOMS

For each fold of `emobox` the transformer is trained without the fold's test actors and saved. Their clips are then
recognized in every condition of `affetto robustness`, and all folds are pooled. Writes
benchmarks/results/robustness-transformer.csv, and the answers by clip to robustness-transformer-clips.csv.

With `--denoise` clean and noisy clips are recognized twice, with and without noise removal. That goes to
denoise-transformer.csv and denoise-transformer-clips.csv instead.
"""

from __future__ import annotations

import argparse
import tempfile
from contextlib import ExitStack
from pathlib import Path

import numpy as np
from rich.console import Console

from affetto import Recognizer
from affetto.corpora import load_corpus
from affetto.evaluation import (
    Outcome,
    choose_conditions,
    find_recordings,
    get_protocol,
    make_conditions,
    measure_robustness,
    summarize_robustness,
)
from affetto.evaluation.protocols import choose_folds
from affetto.evaluation.robustness.report import as_csv, clips_as_csv, robustness_table
from affetto.training.folds import fold_bundle
from tools.generated import RESULTS, ROOT
from tools.provenance import record

SEED = 0


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure what noise, rooms, codecs and the like cost.")
    parser.add_argument("corpus", type=Path, metavar="RAVDESS")
    parser.add_argument("--noise", type=Path, required=True, metavar="DIR", help="recordings of noise")
    parser.add_argument("--rooms", type=Path, metavar="DIR", help="measured impulse responses")
    parser.add_argument("--encoder", action="append", metavar="PATH_OR_NAME")
    parser.add_argument("--bundles", type=Path, metavar="DIR", help="holds fold-1 and so on, or gets them")
    parser.add_argument("--denoise", action="store_true", help="what noise removal before recognition gains")
    parser.add_argument("--condition", action="append", metavar="NAME", help="only this one; nothing is written then")
    parser.add_argument("--fold", type=int, action="append", metavar="N", help="only this one; nothing is written then")
    parser.add_argument("--limit", type=int, metavar="N", help="clips of each fold; nothing is written then")
    options = parser.parse_args()
    corpus = load_corpus(options.corpus)
    conditions = choose_conditions(
        make_conditions(
            noises=find_recordings(options.noise), rooms=find_recordings(options.rooms) if options.rooms else []
        ),
        options.condition or (["noise"] if options.denoise else None),
    )
    outcomes: list[Outcome] = []
    folds: dict[str, int] = {}
    with ExitStack() as stack:
        bundles = options.bundles or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        for fold in choose_folds(get_protocol("emobox"), corpus, options.fold):
            bundle = fold_bundle("transformer", corpus, fold, bundles, encoders=options.encoder)
            test = np.random.default_rng(SEED).permutation(fold.test)[: options.limit]
            utterances = [corpus.utterances[index] for index in sorted(test.tolist())]
            recognizer = Recognizer(bundle.folder, threads=1)
            outcomes += measure_robustness(recognizer, utterances, conditions, seed=SEED, denoise=options.denoise)
            folds |= {utterance.clip: fold.number for utterance in utterances}
            print(f"fold {fold.number}: {len(utterances)} clips in {len(conditions)} conditions", flush=True)
    rows = summarize_robustness(outcomes)
    Console(width=160).print(robustness_table(rows, title=f"transformer, emobox, {len(folds)} clips"))
    if options.fold or options.limit or options.condition:
        return
    name = "denoise-transformer" if options.denoise else "robustness-transformer"
    summary, clips = (ROOT / RESULTS / f"{name}{ending}.csv" for ending in ("", "-clips"))
    summary.write_text(as_csv(rows), encoding="utf-8", newline="\n")
    clips.write_text(clips_as_csv(outcomes, folds=folds), encoding="utf-8", newline="\n")
    record(summary, clips)


if __name__ == "__main__":
    main()
