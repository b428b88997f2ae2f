"""Measure each pre-processing step: the SVM with one step switched, everything else by default.

    python -m benchmarks.ablation RAVDESS

Each step has two figures with paired tests. `inner` uses only the training actors of emobox's first fold and decides
the defaults. `emobox` is reported. To save time there is no augmentation. Writes benchmarks/results/ablation.json.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from sklearn.pipeline import Pipeline

from affetto.classifiers.front_ends import acoustic_front_end
from affetto.corpora import Corpus, load_corpus
from affetto.evaluation import Predictions, get_protocol, measure_predictions, paired_test
from affetto.preprocessing import DCRemoval, LevelNormalization, NoiseRemoval, PreEmphasis, SilenceTrimming
from affetto.training.cross_validation import cross_validate
from affetto.training.pipelines import build_pipeline
from tools.generated import RESULTS, ROOT, as_json
from tools.provenance import record

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator

RESULT = ROOT / RESULTS / "ablation.json"


def switched(step: str, transformer: BaseEstimator | str, *, before: str | None = None) -> Pipeline:
    """Return the default front end with a step replaced ("passthrough" leaves it out), or added before another."""
    front_end = acoustic_front_end()
    if before is None:
        return front_end.set_params(**{step: transformer})
    steps = list(front_end.steps)
    place = [name for name, _ in steps].index(before)
    return Pipeline([*steps[:place], (step, transformer), *steps[place:]])


def variants() -> dict[str, Pipeline]:
    default = acoustic_front_end()
    removable = {"dc": DCRemoval, "trim": SilenceTrimming, "emphasis": PreEmphasis, "level": LevelNormalization}
    made = {"default": default}
    for name in removable:
        if name in default.named_steps:
            made[f"without {name}"] = switched(name, "passthrough")
    made["with noise removal"] = switched("noise", NoiseRemoval(), before="trim")
    made["with half of the noise removal"] = switched("noise", NoiseRemoval(reduction=0.5), before="trim")
    return made


def training_part(corpus: Corpus) -> Corpus:
    """Leave out the test actors of emobox's first fold: the defaults were chosen on the others."""
    fold = next(iter(get_protocol("emobox").split(corpus)))
    return Corpus(corpus.name, corpus.licence, corpus.citation, [corpus.utterances[i] for i in fold.train])


def predict(front_end: Pipeline, corpus: Corpus, protocol: str) -> Predictions:
    pipeline = build_pipeline("svm", front_end=front_end).set_params(augmentations=())
    return cross_validate(pipeline, corpus, get_protocol(protocol))


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure what each pre-processing step is worth.")
    parser.add_argument("corpus", type=Path, metavar="RAVDESS")
    corpus = load_corpus(parser.parse_args().corpus)
    scopes = {"inner": (training_part(corpus), "speakers"), "emobox": (corpus, "emobox")}
    content: dict[str, dict[str, dict[str, float]]] = {}
    reference: dict[str, Predictions] = {}
    for name, front_end in variants().items():
        content[name] = {}
        for scope, (clips, protocol) in scopes.items():
            predictions = predict(front_end, clips, protocol)
            test = paired_test(predictions, reference.setdefault(scope, predictions))
            content[name][scope] = {
                "uar": round(measure_predictions(predictions).uar, 4),
                "difference": round(test.difference, 4),
                "p_value": round(test.p_value, 4),
            }
        print(name, content[name], flush=True)
    RESULT.write_text(as_json(content), encoding="utf-8")
    record(RESULT)


if __name__ == "__main__":
    main()
