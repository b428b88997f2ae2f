from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from affetto.corpora.check import check_corpus
from affetto.errors import CorpusError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.conftest import Encoder


def clip(folder: Path, stem: str) -> Path:
    return folder / f"Actor_{stem[-2:]}" / f"{stem}.wav"


def test_ravdess_is_complete(ravdess_dir: Path) -> None:
    report = check_corpus(ravdess_dir)

    assert report.complete
    assert (report.name, report.clips, report.expected) == ("ravdess", 1440, 1440)
    assert set(report.counts["speakers"].values()) == {60}
    assert list(report.counts["speakers"]) == [str(n) for n in range(1, 25)]
    assert report.counts["emotions"] == {"neutral": 96} | dict.fromkeys(
        ("calm", "happy", "sad", "angry", "fearful", "disgust", "surprised"), 192
    )
    assert report.counts["intensities"] == {"normal": 768, "strong": 672}
    assert report.duration_s == {"total": 5328.957, "shortest": 2.936, "median": 3.67, "longest": 5.272}
    assert report.counts["channels"] == {"1": 1435, "2": 5}
    [duplicate] = report.findings  # as published
    assert (duplicate.kind, duplicate.severity, duplicate.subject) == ("duplicate", "note", "03-01-03-01-02-02-07")
    assert "03-01-03-01-02-01-07" in duplicate.detail


def test_missing_clips_are_named(two_actors: Path) -> None:
    clip(two_actors, "03-01-05-02-01-01-07").unlink()

    report = check_corpus(two_actors)

    assert not report.complete
    missing = {f.subject: f.detail for f in report.of_kind("missing")}
    assert len(missing) == 1440 - 119
    assert all(part in missing["03-01-05-02-01-01-07"] for part in ("speaker 7", "angry", "strong", "kids"))
    assert report.counts["speakers"] == {"5": 60, "7": 59}


def test_damage_of_every_kind_is_named(two_actors: Path, ravdess_dir: Path) -> None:
    half, flac, empty, text, short, silent = (
        clip(two_actors, f"03-01-0{emotion}-01-01-01-05") for emotion in range(1, 7)
    )
    samples, rate = soundfile.read(short, dtype="int16")
    half.write_bytes(half.read_bytes()[: half.stat().st_size // 2])
    data = (ravdess_dir / "Actor_05" / f"{flac.stem}.flac").read_bytes()
    flac.with_suffix(".flac").write_bytes(data[: len(data) * 9 // 10])
    flac.unlink()
    empty.write_bytes(b"")
    text.write_text("moved to the other disk", encoding="utf-8")
    soundfile.write(short, samples[rate : rate + rate // 10], rate)
    soundfile.write(silent, np.zeros_like(samples), rate)

    report = check_corpus(two_actors)

    faults = {Path(f.subject).stem: f.kind for f in report.findings if f.severity == "fault" and f.kind != "missing"}
    assert faults == {
        half.stem: "damaged",
        flac.stem: "damaged",
        empty.stem: "unreadable",
        text.stem: "unreadable",
        short.stem: "empty",
        silent.stem: "empty",
    }


def test_other_files_are_named_with_the_reason(two_actors: Path) -> None:
    good = clip(two_actors, "03-01-05-01-01-01-05")
    shutil.copy(good, good.with_name("03-01-09-01-01-01-05.wav"))
    shutil.copy(good, good.with_name("03-02-05-01-01-01-05.wav"))
    (two_actors / "notes.txt").touch()

    report = check_corpus(two_actors)

    assert [f.subject for f in report.of_kind("misnamed")] == ["Actor_05/03-01-09-01-01-01-05.wav"]
    foreign = {f.subject: f.detail for f in report.of_kind("foreign")}
    assert foreign.keys() == {"notes.txt", "Actor_05/03-02-05-01-01-01-05.wav"}
    assert "song" in foreign["Actor_05/03-02-05-01-01-01-05.wav"]
    assert report.clips == 120


def test_duplicates_are_found_by_their_samples(two_actors: Path) -> None:
    samples, rate = soundfile.read(clip(two_actors, "03-01-06-01-01-01-05"), dtype="int16")
    again = clip(two_actors, "03-01-06-01-01-02-05")
    soundfile.write(again, np.column_stack([samples, samples]), rate)

    report = check_corpus(two_actors)

    assert {f.subject: f.severity for f in report.of_kind("duplicate")} == {
        "03-01-03-01-02-02-07": "note",  # as published
        again.stem: "warning",
    }


def test_copies_are_compared_with_the_clips_that_are_used(two_actors: Path, ravdess_dir: Path) -> None:
    copies = two_actors / "copies" / "Actor_05"
    shutil.copytree(two_actors / "Actor_05", copies)
    other = copies / "03-01-05-01-01-01-05.wav"
    shutil.copy(clip(two_actors, "03-01-06-01-01-01-05"), other)
    broken = copies / "03-01-04-01-01-01-05.wav"
    broken.write_bytes(b"RIFF")
    for stem in ("03-01-05-01-01-01-05", "03-01-02-01-02-02-05"):  # the second is stereo
        shutil.copy(ravdess_dir / "Actor_05" / f"{stem}.flac", two_actors / "Actor_05")

    report = check_corpus(two_actors)

    assert report.clips == 120
    assert {f.subject: f.detail.split()[0] for f in report.of_kind("copy")} == {
        "copies/Actor_05": "58",
        "Actor_05": "2",
    }
    [conflict] = report.of_kind("conflict")
    assert (conflict.severity, conflict.subject) == ("fault", other.relative_to(two_actors).as_posix())
    [unreadable] = report.of_kind("unreadable")
    assert (unreadable.severity, unreadable.subject) == ("warning", broken.relative_to(two_actors).as_posix())


def test_nothing_is_written_and_each_file_is_passed_on_for_a_progress_bar(two_actors: Path) -> None:
    def state() -> dict[Path, tuple[int, int]]:
        return {p: (p.stat().st_size, p.stat().st_mtime_ns) for p in two_actors.rglob("*")}

    seen: list[int] = []

    def track(paths: Sequence[Path]) -> Sequence[Path]:
        seen.append(len(paths))
        return paths

    before = state()
    check_corpus(two_actors, track=track)

    assert state() == before
    assert seen == [120]


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


def test_table_is_checked(emodb_dir: Path, encode: Encoder, tmp_path: Path) -> None:
    folder = tmp_path / "ravdess"  # the name of a folder does not make it a published corpus
    folder.mkdir()
    samples, rate = soundfile.read(emodb_dir / "03a01Fa.flac")
    soundfile.write(folder / "whole.wav", samples, rate)
    soundfile.write(folder / "again.wav", samples, rate)
    soundfile.write(folder / "hiss.wav", np.random.default_rng(0).standard_normal(rate) * 2e-5, rate)
    (folder / "aac.m4a").write_bytes(encode("m4a-aac"))
    (folder / "text.m4a").write_text("moved to the other disk", encoding="utf-8")
    clips = ("whole.wav", "again.wav", "hiss.wav", "aac.m4a", "text.m4a")
    rows = "".join(f"{name},happy,{name}\n" for name in clips)
    (folder / "corpus.csv").write_text(f"path,emotion,speaker\n{rows}", encoding="utf-8")

    report = check_corpus(folder)

    assert not report.complete
    assert report.counts["formats"] == {"m4a": 1, "wav": 3}
    assert report.counts["sample_rates_hz"] == {"16000": 3, "24000": 1}
    assert {f.kind: f.subject for f in report.findings} == {
        "unreadable": "text.m4a",
        "empty": "hiss.wav",
        "duplicate": "whole",
        "untrainable": "ravdess",  # one emotion
    }
    assert "another speaker" in report.of_kind("duplicate")[0].detail


@pytest.mark.parametrize(
    ("clips", "parts"),
    [
        (("03a01Fa", "03a01Nc"), ("one speaker only", "--protocol random")),
        (("03a01Fa", "08a01Fd", "08a01Na"), ("one speaker only", "'neutral'", "'08'")),
    ],
)
def test_one_speaker_only_is_reported(
    emodb_dir: Path, tmp_path: Path, clips: tuple[str, ...], parts: tuple[str, ...]
) -> None:
    for name in clips:
        shutil.copyfile(emodb_dir / f"{name}.flac", tmp_path / f"{name}.flac")

    [finding] = check_corpus(tmp_path).of_kind("untrainable")

    assert all(part in finding.detail for part in parts)


def test_emotion_under_two_names_is_reported(emodb_dir: Path, tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    files = [emodb_dir / f"{name}.flac" for name in ("03a01Fa", "08a01Fd")]
    table.write_text(f"path,emotion,speaker\n{files[0]},happy,03\n{files[1]},happiness,08\n", encoding="utf-8")

    [finding] = check_corpus(table).of_kind("label")

    assert "'happy'" in finding.detail
    assert "'happiness'" in finding.detail


def test_report_is_json_and_text(two_actors: Path) -> None:
    report = check_corpus(two_actors)

    data = json.loads(json.dumps(report.to_dict()))
    assert data["complete"] is False
    assert data["sample_rates_hz"] == {"48000": 120}
    assert len(data["findings"]) == len(report.findings)
    assert report.to_text().count("angry, strong") == 22 * 4
    assert report.to_text(limit=20).count(", neutral, normal") == 20
    assert "1320" in report.to_text().splitlines()[-1]


def test_folder_without_a_corpus_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CorpusError):
        check_corpus(tmp_path)
    with pytest.raises(CorpusError, match="RAVDESS"):
        check_corpus(tmp_path, name="ravdess")
