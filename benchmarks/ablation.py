"""What each pre-processing step is worth: the SVM with one step switched, everything else as by default.

    python benchmarks/ablation.py DIR --scope inner    what the defaults were chosen on: training actors of fold 1 only
    python benchmarks/ablation.py DIR --scope emobox   what is reported

Writes benchmarks/results/ablation.json, one entry for each scope.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from sklearn.pipeline import Pipeline

from affetto.corpora import Corpus, load_corpus
from affetto.evaluation import evaluate, get_protocol, measure
from affetto.preprocessing import DCRemoval, LevelNormalization, NoiseRemoval, PreEmphasis, SilenceTrimming
from affetto.training.chains import make_chain, make_front_end

RESULT = Path(__file__).parent / "results" / "ablation.json"


def switched(step: str, transformer: Any, *, before: str | None = None) -> Pipeline:
    """Return the default front end with a step replaced ("passthrough" leaves it out), or added before another."""
    front_end = make_front_end()
    if before is None:
        return front_end.set_params(**{step: transformer})
    steps = list(front_end.steps)
    place = [name for name, _ in steps].index(before)
    return Pipeline([*steps[:place], (step, transformer), *steps[place:]])


def variants() -> dict[str, Pipeline]:
    default = make_front_end()
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


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Measure what each pre-processing step is worth.")
    parser.add_argument("corpus", type=Path, metavar="DIR")
    parser.add_argument("--scope", choices=("inner", "emobox"), default="inner")
    options = parser.parse_args()
    corpus = load_corpus(options.corpus)
    inner = options.scope == "inner"
    content = json.loads(RESULT.read_text(encoding="utf-8")) if RESULT.exists() else {}
    content[options.scope] = {}
    for name, front_end in variants().items():
        predictions = evaluate(
            make_chain("svm", front_end=front_end),
            training_part(corpus) if inner else corpus,
            get_protocol("speakers" if inner else "emobox"),
        )
        metrics = measure(predictions)
        content[options.scope][name] = {"uar": round(metrics.uar, 4), "accuracy": round(metrics.accuracy, 4)}
        print(f"{name:32} UAR {100 * metrics.uar:.1f}  accuracy {100 * metrics.accuracy:.1f}", flush=True)
        RESULT.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
