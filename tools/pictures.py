"""Draw the figures of the docs: a timeline, confusion matrices, recalls and a reliability diagram.

    python -m tools.pictures

Writes timeline.png from an example, and the others from the per-clip predictions in `benchmarks/results`. All go into
docs/images.
"""

from __future__ import annotations

import dataclasses

import matplotlib as mpl
import numpy as np

mpl.use("Agg")

import matplotlib.pyplot as plt

from affetto import Recognizer
from affetto.evaluation import Predictions, measure_calibration, measure_predictions
from affetto.evaluation.report import draw_confusion, draw_reliability
from affetto.exports import plot
from tools.generated import RESULTS, ROOT

IMAGES = ROOT / "docs" / "images"
TIMELINE = "examples/sequence.flac"
CONFUSIONS = ("transformer", "cnn", "gmm")
RECALLS = ("transformer", "cnn", "gmm", "tutorial")
RELIABILITY = "transformer"


def main() -> None:
    """Draw every figure."""
    recording = ROOT / TIMELINE
    result = dataclasses.replace(Recognizer().recognize(recording), source=TIMELINE)
    plot(result, recording, IMAGES / "timeline.png")
    predictions = {name: Predictions.from_csv(ROOT / RESULTS / f"{name}-emobox.csv") for name in RECALLS}
    measured = {name: measure_predictions(predictions[name]) for name in RECALLS}
    for name in CONFUSIONS:
        draw_confusion(measured[name], IMAGES / f"confusion-{name}-emobox.png", title=f"{name}, emobox")
    calibration = measure_calibration(predictions[RELIABILITY])
    error = f"expected calibration error {100 * calibration.expected_calibration_error:.1f} %"
    target = IMAGES / f"reliability-{RELIABILITY}-emobox.png"
    draw_reliability(calibration, target, title=f"{RELIABILITY}, emobox: {error}")
    emotions = list(next(iter(measured.values())).recall)
    figure, axes = plt.subplots(figsize=(9, 3.6), layout="constrained")
    width = 0.8 / len(measured)
    for index, (name, metrics) in enumerate(measured.items()):
        place = np.arange(len(emotions)) + (index - (len(measured) - 1) / 2) * width
        label = f"{name} (UAR {100 * metrics.uar:.1f} %)"
        axes.bar(place, [100 * metrics.recall[emotion] for emotion in emotions], width, label=label)
    axes.set_xticks(np.arange(len(emotions)), emotions)
    axes.set_ylabel("recall, %")
    axes.set_ylim(0, 100)
    axes.set_title("Speakers left out of training (RAVDESS, emobox)")
    figure.legend(loc="outside lower center", ncols=len(measured), fontsize="small")
    figure.savefig(IMAGES / "recall-emobox.png", dpi=100)


if __name__ == "__main__":
    main()
