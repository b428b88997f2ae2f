"""Make the recordings in this folder: synthetic speech whose pitch, rate, range and energy imitate emotions.

Needs espeak-ng on the PATH. Nobody feels anything here: these are recordings to try the commands on, and say nothing
about how well a model recognizes people.
"""

from __future__ import annotations

import io
import subprocess
from pathlib import Path

import numpy as np
import soundfile

SENTENCE = "Kids are talking by the door."
# Mean pitch (0..99), words a minute, voice, gain, and SSML range: what the literature on vocal expression reports for
# acted emotions, exaggerated (Scherer 2003, Speech Communication 40).
STYLES = {
    "angry": (70, 210, "en-us+m3", 1.0, "x-high"),
    "calm": (35, 130, "en-us+f2", 0.35, "low"),
    "fearful": (90, 230, "en-us+f4", 0.6, "high"),
    "happy": (80, 190, "en-us+f3", 0.8, "x-high"),
    "neutral": (45, 165, "en-us+m2", 0.5, "medium"),
    "sad": (25, 110, "en-us+f1", 0.25, "x-low"),
}


def synthesize(pitch: int, rate: int, voice: str, gain: float, pitch_range: str) -> tuple[np.ndarray, int]:
    """Return samples and sample rate of the sentence in one style."""
    ssml = f'<speak><prosody range="{pitch_range}">{SENTENCE}</prosody></speak>'
    command = ["espeak-ng", "-m", "-v", voice, "-p", str(pitch), "-s", str(rate), "--stdout", ssml]
    wav = subprocess.run(command, check=True, capture_output=True).stdout
    samples, sample_rate = soundfile.read(io.BytesIO(wav), dtype="float32")
    pause = np.zeros(sample_rate // 2, np.float32)
    return np.concatenate([pause, gain * samples / np.abs(samples).max(), pause]), sample_rate


if __name__ == "__main__":
    for emotion, style in STYLES.items():
        path = Path(__file__).with_name(f"{emotion}.flac")
        soundfile.write(path, *synthesize(*style), subtype="PCM_16")
        print(path.name)
