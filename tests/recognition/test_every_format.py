from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import soundfile

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Encoder

    from affetto import Recognizer

# Telephone bands and low bit rates change the probabilities, so only the times must agree.
NARROW = ("wav-alaw", "wav-mulaw", "wav-gsm", "amr", "3gp", "flv")


def test_every_format_gives_the_emotion_and_the_times_of_the_wav(
    recognizer: Recognizer, make_encoder: type[Encoder], kinds: list[str], ravdess_dir: Path
) -> None:
    encode = make_encoder(*soundfile.read(ravdess_dir / "Actor_06/03-01-05-02-01-01-06.flac", dtype="float32"))
    wanted = recognizer.recognize(encode("wav"))
    assert wanted.emotion == "angry"
    for kind in kinds:
        got = recognizer.recognize(encode(kind))
        assert len(got.segments) == 1, kind
        assert got.segments[0].start_s == pytest.approx(wanted.segments[0].start_s, abs=0.11), kind
        assert got.segments[0].end_s == pytest.approx(wanted.segments[0].end_s, abs=0.11), kind
        if kind not in NARROW:
            assert got.emotion == wanted.emotion, kind
            assert got.confidence == pytest.approx(wanted.confidence, abs=0.15), kind
