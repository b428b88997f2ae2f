from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.pipeline import make_pipeline

from affetto.augmentation.pipeline import SpeechCut
from affetto.preprocessing import (
    DCRemoval,
    LevelNormalization,
    NoiseRemoval,
    PreEmphasis,
    ReadSpeech,
    SilenceTrimming,
    apply_steps,
)
from affetto.preprocessing.steps import trim_silence
from affetto.speech import read

if TYPE_CHECKING:
    from pathlib import Path

RATE = 24_000
SAMPLES = (0.1 * np.sin(np.arange(RATE) / 9) * (np.arange(RATE) > RATE // 2) + 0.01).astype(np.float32)


@pytest.mark.parametrize(
    ("transformer", "parameter", "value"),
    [
        (DCRemoval(), None, None),
        (NoiseRemoval(), "reduction", 0.5),
        (SilenceTrimming(), "threshold_db", 10.0),
        (PreEmphasis(), "coefficient", 0.5),
        (LevelNormalization(), "level_dbfs", -20.0),
    ],
)
def test_transformers_apply_the_recorded_step(transformer: Any, parameter: str | None, value: Any) -> None:
    transformer = clone(transformer)
    if parameter:
        transformer.set_params(**{parameter: value})
    pipeline = make_pipeline(ReadSpeech(sample_rate_hz=16_000), transformer)
    read, result = pipeline[0].transform([(SAMPLES, RATE)])[0], pipeline.fit_transform([(SAMPLES, RATE)])[0]
    recorded = transformer.recorded()
    assert result.sample_rate_hz == read.sample_rate_hz == 16_000
    assert np.array_equal(result.samples, apply_steps(read.samples, 16_000, [recorded]))
    assert not np.array_equal(result.samples, read.samples)
    assert parameter is None or recorded[1][parameter] == value


def test_a_step_can_be_switched_off() -> None:
    pipeline = make_pipeline(ReadSpeech(), PreEmphasis()).set_params(preemphasis="passthrough")
    assert np.array_equal(pipeline.transform([(SAMPLES, 16_000)])[0].samples, SAMPLES)


def test_the_longest_segment_is_cut(ravdess_dir: Path) -> None:
    clip = read(ravdess_dir / "Actor_02" / "03-01-02-01-01-01-02.flac", sample_rate_hz=16_000)
    speech = trim_silence(clip.samples, 16_000)
    pause, part = np.zeros(16_000, np.float32), speech[: len(speech) // 2]
    both = clip.with_samples(np.concatenate([pause, part, pause, speech, pause]))
    tone = clip.with_samples(np.tile(SAMPLES, 2))
    cut, whole = SpeechCut(active=True).transform([both, tone])
    assert abs(len(cut.samples) - len(speech)) < 0.3 * 16_000
    start = 2 * len(pause) + len(part)
    found = next(
        i for i in range(start - 3_200, start + 3_200) if np.array_equal(both.samples[i:][:800], cut.samples[:800])
    )
    assert np.array_equal(both.samples[found : found + len(cut.samples)], cut.samples)
    assert whole is tone
    assert SpeechCut().transform([both])[0] is both
