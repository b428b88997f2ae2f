from __future__ import annotations

import json
import shutil
import struct
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from affetto.corpora.check import check_corpus, check_ravdess
from affetto.corpora.quirks import STEREO
from affetto.errors import CorpusError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.conftest import Encoder


def clip(folder: Path, stem: str) -> Path:
    return folder / f"Actor_{stem[-2:]}" / f"{stem}.wav"


def test_the_real_corpus_is_complete_with_every_quirk_known(ravdess_dir: Path) -> None:
    report = check_ravdess(ravdess_dir)

    assert report.complete
    assert (report.clips, report.expected) == (1440, 1440)
    assert set(report.speakers.values()) == {60}
    assert list(report.speakers) == [str(n) for n in range(1, 25)]
    assert report.emotions == {"neutral": 96} | dict.fromkeys(
        ("calm", "happy", "sad", "angry", "fearful", "disgust", "surprised"), 192
    )
    assert report.intensities == {"normal": 768, "strong": 672}
    assert report.total_s == pytest.approx(5329, abs=0.5)
    assert (report.shortest_s, report.median_s, report.longest_s) == pytest.approx((2.936, 3.670, 5.272), abs=1e-3)
    assert report.channels == {1: 1435, 2: 5}
    assert {f.subject for f in report.of_kind("stereo") if f.known} == STEREO
    [duplicate] = report.of_kind("duplicate")
    assert duplicate.known
    assert duplicate.subject == "03-01-03-01-02-02-07"
    assert "03-01-03-01-02-01-07" in duplicate.detail
    assert {f.kind for f in report.findings} == {"stereo", "duplicate", "format"}


def test_missing_clips_are_named_one_by_one(two_actors: Path) -> None:
    clip(two_actors, "03-01-05-02-01-01-07").unlink()

    report = check_ravdess(two_actors)

    assert not report.complete
    missing = {f.subject: f.detail for f in report.of_kind("missing")}
    assert len(missing) == 1440 - 119
    assert missing["03-01-05-02-01-01-07"] == "actor 7, angry, strong, kids, repetition 1"
    assert report.speakers == {"5": 60, "7": 59}


def test_damage_of_every_kind_is_named(two_actors: Path) -> None:
    half = clip(two_actors, "03-01-01-01-01-01-05")
    one_byte = clip(two_actors, "03-01-01-01-01-02-05")
    empty = clip(two_actors, "03-01-01-01-02-01-05")
    text = clip(two_actors, "03-01-01-01-02-02-05")
    short = clip(two_actors, "03-01-02-01-01-01-05")
    silent = clip(two_actors, "03-01-02-01-01-02-05")
    samples, rate = soundfile.read(short, dtype="int16")
    half.write_bytes(half.read_bytes()[: half.stat().st_size // 2])
    one_byte.write_bytes(one_byte.read_bytes()[:-1])
    empty.write_bytes(b"")
    text.write_text("moved to the other disk", encoding="utf-8")
    soundfile.write(short, samples[: rate * 2], rate)
    soundfile.write(silent, np.zeros_like(samples), rate)

    report = check_ravdess(two_actors)

    faults = {Path(f.subject).stem: (f.kind, f.detail) for f in report.findings if f.severity == "fault"}
    assert faults[half.stem][0] == "truncated"
    assert faults[one_byte.stem][0] == "truncated"
    assert faults[empty.stem] == ("unreadable", "is empty (0 bytes)")
    assert faults[text.stem][0] == "unreadable"
    assert faults[short.stem] == ("short", "lasts 2.00 s; no clip is published shorter than 2.5 s")
    assert faults[silent.stem] == ("silent", "all its samples are zero")
    assert sum(kind != "missing" for kind, _ in faults.values()) == 6


def test_a_flac_that_breaks_off_is_truncated(ravdess_dir: Path, tmp_path: Path) -> None:
    flac = tmp_path / "03-01-01-01-01-01-01.flac"
    data = (ravdess_dir / "Actor_01" / flac.name).read_bytes()
    flac.write_bytes(data[: len(data) * 9 // 10])

    [finding] = check_ravdess(tmp_path).of_kind("truncated")

    assert (finding.severity, finding.subject) == ("fault", flac.name)


def test_files_that_do_not_belong_are_named_with_the_reason(two_actors: Path) -> None:
    good = clip(two_actors, "03-01-05-01-01-01-05")
    shutil.copy(good, good.with_name("03-01-09-01-01-01-05.wav"))
    shutil.copy(good, good.with_name("03-02-05-01-01-01-05.wav"))
    good.with_name("01-01-05-01-01-01-05.mp4").touch()
    (two_actors / "notes.txt").touch()
    good.rename(two_actors / "Actor_07" / good.name)

    report = check_ravdess(two_actors)

    assert [(f.subject, f.detail) for f in report.of_kind("misnamed")] == [
        ("Actor_05/03-01-09-01-01-01-05.wav", "'03-01-09-01-01-01-05' has the emotion 09; it must be 01 to 08")
    ]
    foreign = {f.subject: f.detail for f in report.of_kind("foreign")}
    assert foreign.keys() == {
        "notes.txt",
        "Actor_05/03-02-05-01-01-01-05.wav",
        "Actor_05/01-01-05-01-01-01-05.mp4",
    }
    assert foreign["Actor_05/03-02-05-01-01-01-05.wav"].startswith("song, audio-only")
    assert foreign["Actor_05/01-01-05-01-01-01-05.mp4"].startswith("speech, video with sound")
    assert [(f.subject, f.detail) for f in report.of_kind("misplaced")] == [
        (good.stem, "of actor 5 by its name, but lies in Actor_07")
    ]
    assert report.clips == 120


def test_stereo_and_duplicates_are_found_by_content(two_actors: Path) -> None:
    made_stereo = clip(two_actors, "03-01-05-01-01-01-05")
    samples, rate = soundfile.read(made_stereo, dtype="int16")
    soundfile.write(made_stereo, np.column_stack([samples, samples]), rate)
    shutil.copy(clip(two_actors, "03-01-06-01-01-01-05"), clip(two_actors, "03-01-06-01-01-02-05"))

    report = check_ravdess(two_actors)

    assert {f.subject: (f.known, f.severity) for f in report.of_kind("stereo")} == {
        "03-01-02-01-02-02-05": (True, "note"),
        made_stereo.stem: (False, "warning"),
    }
    assert {f.subject: (f.known, f.severity) for f in report.of_kind("duplicate")} == {
        "03-01-03-01-02-02-07": (True, "note"),
        "03-01-06-01-01-02-05": (False, "warning"),
    }


def test_kaggles_double_folder_is_recognized_and_compared(two_actors: Path) -> None:
    double = two_actors / "audio_speech_actors_01-24"
    shutil.copytree(two_actors / "Actor_05", double / "Actor_05")
    other = double / "Actor_05" / "03-01-05-01-01-01-05.wav"
    shutil.copy(clip(two_actors, "03-01-06-01-01-01-05"), other)
    broken = double / "Actor_05" / "03-01-04-01-01-01-05.wav"
    broken.write_bytes(b"RIFF")

    report = check_ravdess(two_actors)

    assert report.clips == 120
    [copies] = report.of_kind("copy")
    assert (copies.subject, copies.known) == ("audio_speech_actors_01-24", True)
    assert copies.detail.startswith("58 clips again")
    [conflict] = report.of_kind("conflict")
    assert (conflict.severity, conflict.subject) == ("fault", other.relative_to(two_actors).as_posix())
    [unreadable] = report.of_kind("unreadable")
    # The clip itself is whole
    assert (unreadable.severity, unreadable.subject) == ("warning", broken.relative_to(two_actors).as_posix())


def test_a_flac_beside_its_wav_is_the_same_sound(two_actors: Path, ravdess_dir: Path) -> None:
    for name in ("03-01-05-01-01-01-05.flac", "03-01-02-01-02-02-05.flac"):  # the second is stereo
        shutil.copy(ravdess_dir / "Actor_05" / name, two_actors / "Actor_05")

    report = check_ravdess(two_actors)

    [copies] = report.of_kind("copy")
    assert (copies.subject, copies.known) == ("Actor_05", False)
    assert copies.detail.startswith("2 clips again, with the same samples")
    assert report.formats == {"wav": 120}
    assert not report.of_kind("conflict")


def test_the_padding_chunk_of_the_published_headers_is_recognized(two_actors: Path) -> None:
    wav = clip(two_actors, "03-01-05-01-01-01-05")
    data = wav.read_bytes()
    position = data.index(b"data")
    padded = data[:position] + b"FLLR" + struct.pack("<I", 4044) + bytes(4044) + data[position:]
    wav.write_bytes(padded[:4] + struct.pack("<I", len(padded) - 8) + padded[8:])

    report = check_ravdess(two_actors)

    [padding] = report.of_kind("padding")
    assert (padding.subject, padding.known) == ("1 clip", True)
    assert not report.of_kind("truncated")
    assert not report.of_kind("unreadable")


def test_another_sample_rate_is_reported(two_actors: Path) -> None:
    wav = clip(two_actors, "03-01-05-01-01-01-05")
    samples, _ = soundfile.read(wav, dtype="int16")
    soundfile.write(wav, samples[::3], 16_000)

    [rate] = check_ravdess(two_actors).of_kind("rate")

    assert (rate.severity, rate.subject) == ("warning", wav.stem)
    assert rate.detail == "16000 Hz instead of the published 48000 Hz"


def test_nothing_is_written(two_actors: Path) -> None:
    def state() -> dict[Path, tuple[int, int]]:
        return {p: (p.stat().st_size, p.stat().st_mtime_ns) for p in two_actors.rglob("*")}

    before = state()
    check_ravdess(two_actors)
    assert state() == before


def test_other_corpora_are_counted_and_their_damage_is_found(emodb_dir: Path, tmp_path: Path) -> None:
    for flac in [*emodb_dir.glob("03*"), *emodb_dir.glob("08a*")]:
        shutil.copyfile(flac, tmp_path / flac.name)
    whole = check_corpus(tmp_path)
    assert whole.complete
    assert (whole.name, whole.clips, whole.expected) == ("emodb", len(list(tmp_path.iterdir())), None)
    assert whole.findings == ()

    broken = sorted(tmp_path.iterdir())[0]
    broken.write_bytes(b"not sound")
    (tmp_path / "03a01Xa.flac").touch()
    report = check_corpus(tmp_path)

    assert not report.complete
    assert [(f.kind, f.subject) for f in report.findings] == [
        ("unreadable", broken.name),
        ("misnamed", "03a01Xa.flac"),
    ]


def test_a_table_is_checked_too(tmp_path: Path) -> None:
    # Called as a known corpus is, which must not make it one
    folder = tmp_path / "ravdess"
    folder.mkdir()
    noise = np.random.default_rng(0).standard_normal(16_000) * 0.1
    soundfile.write(folder / "a.wav", noise, 16_000)
    soundfile.write(folder / "b.wav", noise, 16_000)
    (folder / "corpus.csv").write_text("path,emotion,speaker\na.wav,sad,1\nb.wav,sad,2\n", encoding="utf-8")

    report = check_corpus(folder)

    assert report.complete
    assert (report.emotions, report.speakers) == ({"sad": 2}, {"1": 1, "2": 1})
    assert report.total_s == pytest.approx(2.0)
    [duplicate] = report.findings
    assert (duplicate.kind, duplicate.subject) == ("duplicate", "b")
    assert duplicate.detail.startswith("same samples as a")
    assert "another speaker" in duplicate.detail


def test_clips_in_which_nothing_can_be_recognized_make_a_table_incomplete(emodb_dir: Path, tmp_path: Path) -> None:
    samples, rate = soundfile.read(emodb_dir / "03a01Fa.flac")
    soundfile.write(tmp_path / "whole.wav", samples, rate)
    soundfile.write(tmp_path / "zeros.wav", np.zeros(rate), rate)
    soundfile.write(tmp_path / "hiss.wav", np.random.default_rng(0).standard_normal(rate) * 2e-5, rate)
    soundfile.write(tmp_path / "snippet.wav", samples[8000 : 8000 + rate // 10], rate)
    rows = "".join(f"{clip}.wav,happy,{clip}\n" for clip in ("whole", "zeros", "hiss", "snippet"))
    (tmp_path / "corpus.csv").write_text(f"path,emotion,speaker\n{rows}", encoding="utf-8")

    report = check_corpus(tmp_path)

    assert not report.complete
    assert {f.subject for f in report.of_kind("silent")} == {"zeros", "hiss"}
    assert [f.subject for f in report.of_kind("short")] == ["snippet"]
    assert len(report.findings) == 3


def test_one_speaker_is_told_what_can_be_done(emodb_dir: Path, tmp_path: Path) -> None:
    for flac in emodb_dir.glob("03a0*"):
        shutil.copyfile(flac, tmp_path / flac.name)

    [finding] = check_corpus(tmp_path).of_kind("speaker")

    assert "one speaker only" in finding.detail
    assert "--protocol random" in finding.detail
    assert "flatters" in finding.detail


def test_an_emotion_of_one_speaker_is_named(emodb_dir: Path, tmp_path: Path) -> None:
    for name in ("03a01Fa", "08a01Fd", "08a01Na"):
        shutil.copyfile(emodb_dir / f"{name}.flac", tmp_path / f"{name}.flac")

    [finding] = check_corpus(tmp_path).of_kind("speaker")

    assert finding.subject == "neutral"
    assert "08" in finding.detail


def test_an_emotion_under_two_names_is_told(emodb_dir: Path, tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    files = [emodb_dir / f"{name}.flac" for name in ("03a01Fa", "08a01Fd")]
    table.write_text(f"path,emotion,speaker\n{files[0]},happy,03\n{files[1]},happiness,08\n", encoding="utf-8")

    [finding] = check_corpus(table).of_kind("label")

    assert "'happy'" in finding.detail
    assert "'happiness'" in finding.detail


def test_formats_that_only_ffmpeg_reads_are_whole_too(encode: Encoder, tmp_path: Path) -> None:
    (tmp_path / "whole.m4a").write_bytes(encode("m4a-aac"))
    (tmp_path / "text.m4a").write_text("moved to the other disk", encoding="utf-8")
    rows = "whole.m4a,angry,1\ntext.m4a,sad,2\n"
    (tmp_path / "corpus.csv").write_text(f"path,emotion,speaker\n{rows}", encoding="utf-8")

    report = check_corpus(tmp_path)

    assert report.formats == {"m4a": 1}
    assert report.sample_rates_hz == {24_000: 1}
    assert [f.subject for f in report.of_kind("unreadable")] == ["text.m4a"]


def test_the_report_is_json(two_actors: Path) -> None:
    report = check_ravdess(two_actors)

    data = json.loads(json.dumps(report.to_dict()))

    assert data["complete"] is False
    assert data["sample_rates_hz"] == {"48000": 120}
    assert data["duration_s"]["total"] == pytest.approx(report.total_s, abs=1e-3)
    assert len(data["findings"]) == len(report.findings)


def test_files_are_passed_on_one_by_one_for_a_progress_bar(two_actors: Path) -> None:
    seen: list[int] = []

    def track(paths: Sequence[Path]) -> Sequence[Path]:
        seen.append(len(paths))
        return paths

    check_ravdess(two_actors, track=track)

    assert seen == [120]


def test_a_folder_without_a_corpus_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="holds no clip of RAVDESS"):
        check_ravdess(tmp_path)
    with pytest.raises(CorpusError, match="no corpus that is known"):
        check_corpus(tmp_path)
