"""Damage in the middle of what has frames: it is remarked on, what is whole is read, nothing else is printed."""

from __future__ import annotations

import re
import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.speech.test_formats import hide_pyav

from affetto.errors import AudioError
from affetto.speech import read, read_with_warnings

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Encoder

# Without checksums, a few bytes within a frame may be noticed by nobody. What is lost of time always is.
WITH_CHECKSUMS = ("flac", "ogg-vorbis", "ogg-opus", "ogg-flac", "wavpack", "ac3")
KINDS = (*WITH_CHECKSUMS, "mp3", "aac", "amr")


def damaged(data: bytes, seed: int) -> bytes:
    """Zero, replace, remove or insert bytes behind the header."""
    rng = np.random.default_rng(seed)
    size = int(np.exp(rng.uniform(0, np.log(len(data) // 3))))
    at = int(rng.integers(min(600, len(data) // 10), len(data) - size))
    middle = (bytes(size), rng.bytes(size), b"", rng.bytes(size) + data[at : at + size])[seed % 4]
    return data[:at] + middle + data[at + size :]


@pytest.mark.parametrize("is_alone", [False, True], ids=["", "without PyAV"])
@pytest.mark.parametrize("kind", KINDS)
def test_damage_is_remarked(
    encode: Encoder, kind: str, is_alone: bool, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    if is_alone and kind not in ("flac", "ogg-vorbis", "ogg-opus", "mp3"):
        pytest.skip("needs PyAV")
    data = encode(kind)
    whole = read(data)
    if is_alone:
        hide_pyav(monkeypatch)
    n_read = 0
    for seed in range(24):
        try:
            waveform, remarks = read_with_warnings(damaged(data, seed))
        except AudioError:  # nothing is left, or the header is hit
            continue
        n_read += 1
        n = min(len(waveform.samples), len(whole.samples))
        changed_s = np.count_nonzero(np.abs(waveform.samples[:n] - whole.samples[:n]) > 0.01) / whole.sample_rate_hz
        lost_s = abs(waveform.duration_s - whole.duration_s)
        assert remarks or (lost_s < 0.05 and changed_s < (0.02 if kind in WITH_CHECKSUMS else 0.15)), seed
        if kind != "amr":
            assert np.abs(waveform.samples).max() < 1.5 * np.abs(whole.samples).max(), seed
    assert n_read >= 8
    out, err = capfd.readouterr()
    assert (out, err) == ("", "")


@pytest.mark.parametrize("kind", ["m4a-aac", "mkv-aac", "webm", "wma", "mp3"])
def test_a_lost_quarter_is_remarked(encode: Encoder, kind: str, capfd: pytest.CaptureFixture[str]) -> None:
    data = encode(kind)
    start, stop = len(data) * 3 // 8, len(data) * 5 // 8
    _, remarks = read_with_warnings(data[:start] + bytes(stop - start) + data[stop:])
    assert remarks
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("has_header", [True, False], ids=["header", "bare"])
def test_what_is_whole_of_a_damaged_mp3_is_the_same(encode: Encoder, has_header: bool) -> None:
    data = encode("mp3", np.tile(encode.at(24_000), 4))
    data = data if has_header else data[data.index(data[:2], 100) :]
    whole = read(data)
    at = len(data) // 2
    waveform, remarks = read_with_warnings(data[:at] + bytes(2_000) + data[at + 2_000 :])
    lost_s = whole.duration_s - waveform.duration_s
    assert 0.1 < lost_s < 1
    n = 3 * whole.sample_rate_hz
    assert np.allclose(waveform.samples[:n], whole.samples[:n], atol=1e-6)
    assert np.allclose(waveform.samples[-n:], whole.samples[-n:], atol=1e-3)
    found = re.search(r"is damaged at (\d\.\d\d) s", remarks[0] if "damaged" in remarks[0] else remarks[1])
    assert found is not None
    assert float(found[1]) == pytest.approx(whole.duration_s / 2, abs=0.7)


def test_frames_that_refer_to_lost_ones_are_silent(encode: Encoder) -> None:
    data = encode("mp3", np.tile(encode.at(24_000), 2))
    bare = data[data.index(data[:2], 100) :]
    # A stream that was tuned in to: the first frames refer to what was before. That is no damage.
    waveform, remarks = read_with_warnings(bare[len(bare) // 2 :])
    assert remarks == ()
    assert np.abs(waveform.samples).max() < 1.01 * np.abs(read(data).samples).max()


def test_a_part_of_a_frame_before_the_first_is_no_damage(encode: Encoder, monkeypatch: pytest.MonkeyPatch) -> None:
    data = encode("mp3")
    whole = read(data)
    cut = data[data.index(data[:2], 400) - 100 :]
    for hidden in (False, True):
        if hidden:
            hide_pyav(monkeypatch)
        waveform, remarks = read_with_warnings(cut)
        assert waveform.duration_s == pytest.approx(whole.duration_s, abs=0.15)
        assert remarks == ()


@pytest.mark.skipif(sys.platform == "win32", reason="C's streams cannot be taken away there")
def test_nothing_but_our_own_lines_reaches_standard_error(encode: Encoder, tmp_path: Path) -> None:
    data = encode("mp3", np.tile(encode.at(24_000), 8))
    for seed in range(40):
        (tmp_path / f"{seed}.mp3").write_bytes(damaged(data, seed))
    code = f"""
        import os, sys, threading
        from pathlib import Path
        from affetto.speech import read_with_warnings
        over = threading.Event()
        def chatter():
            n = 0
            while not over.is_set() or n < 100:
                os.write(2, b"ours\\n"); print("ours", file=sys.stderr, flush=True); n += 1
            print(n)
        def read_all():
            for path in sorted(Path({str(tmp_path)!r}).glob("*.mp3")):
                try: read_with_warnings(path)
                except ValueError: pass
        talker = threading.Thread(target=chatter); talker.start()
        readers = [threading.Thread(target=read_all) for _ in range(3)]
        [reader.start() for reader in readers]; [reader.join() for reader in readers]
        over.set(); talker.join()
        import ctypes
        ctypes.CDLL(None).perror(b"C's own")
    """
    result = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True, timeout=300
    )
    lines = result.stderr.splitlines()
    assert lines.pop().startswith("C's own")
    assert lines == ["ours"] * 2 * int(result.stdout)
