"""Make the recordings that the page of `affetto serve` offers to try: those of `examples/` as small MP3 files.

Run it as ``python -m tools.page_examples``.
"""

from __future__ import annotations

from pathlib import Path

import soundfile

_ROOT = Path(__file__).parents[1]
_FROM, _TO = _ROOT / "examples", _ROOT / "src" / "affetto" / "server" / "page" / "examples"
_EXAMPLES = {"sequence": "sequence", "sad": "sad", "happy": "happy", "reading": "reading-long"}
_COMPRESSION = 0.2  # small, and the answers stay what they are without compression


def main() -> None:
    _TO.mkdir(parents=True, exist_ok=True)
    for name, example in _EXAMPLES.items():
        samples, rate = soundfile.read(_FROM / f"{example}.flac", dtype="float32")
        path = _TO / f"{name}.mp3"
        soundfile.write(path, samples, rate, format="MP3", subtype="MPEG_LAYER_III", compression_level=_COMPRESSION)


if __name__ == "__main__":
    main()
