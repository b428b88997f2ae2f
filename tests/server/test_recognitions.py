from __future__ import annotations

import io
import json
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile
from tests.server.conftest import Running, running

from affetto import AdaptationProfile, Recognizer, read_turns
from affetto.adaptation.prior import parse_prior
from affetto.exports import FORMATS
from affetto.recognition.rows import number_columns
from affetto.server.negotiation import MEDIA_TYPES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import Encoder


@pytest.fixture(scope="module")
def stereo(root: Path) -> bytes:
    """Two people, each on a channel."""
    (left, rate), (right, _) = (soundfile.read(root / "examples" / f"{name}.flac") for name in ("sad", "happy"))
    length = min(len(left), len(right))
    file = io.BytesIO()
    soundfile.write(file, np.stack([left[:length], right[:length]], axis=1), rate, format="WAV")
    return file.getvalue()


@pytest.mark.parametrize("arguments", [(), ("--acoustics", "--channels", "each", "--prior", "everyday")])
def test_json_is_what_the_command_prints(
    server: Running, stereo: bytes, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    (tmp_path / "call.wav").write_bytes(stereo)
    command = [sys.executable, "-c", "from affetto.cli import main; main()", "recognize", "call.wav", *arguments]
    printed = subprocess.run([*command, "--format", "json"], cwd=tmp_path, check=True, capture_output=True).stdout
    query = "&acoustics=true&channels=each&prior=everyday" if arguments else ""
    answer = server.post(stereo, query=f"?name=call.wav{query}")
    assert answer.status_code == 200
    assert answer.content == printed.replace(b"\r\n", b"\n")


@pytest.mark.parametrize("name", FORMATS)
def test_all_formats_by_query_and_by_accept(server: Running, angry: bytes, recognizer: Recognizer, name: str) -> None:
    media_type = MEDIA_TYPES[name]
    by_query = server.post(angry, query=f"?format={name}", headers={"Accept": "image/png"})
    by_accept = server.post(angry, headers={"Accept": f"image/png, {media_type};q=0.9, application/json;q=0.5"})
    expected = "".join(
        FORMATS[name].text([recognizer.recognize(named(angry))], number_columns(recognizer.labels, acoustics=False))
    )
    assert by_query.text == by_accept.text == expected
    assert by_query.headers["content-type"].partition(";")[0] == media_type


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("", "application/json"),
        ("*/*", "application/json"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "application/json"),
        ("*/*;q=0.1, TEXT/CSV", "text/csv"),
        ("text/*", "text/csv"),
        ("application/json;q=0, text/vtt;q=0.1", "text/vtt"),
        ("text/csv;q=0.2;x=y, text/vtt; q=0.3", "text/vtt"),
        ("application/json;q=rubbish, text/vtt", "text/vtt"),
    ],
)
def test_accept_chooses_what_the_client_prefers(server: Running, angry: bytes, accept: str, media_type: str) -> None:
    answer = server.post(angry, headers={"Accept": accept})
    assert answer.headers["content-type"].partition(";")[0] == media_type


@pytest.mark.parametrize("accept", ["image/png", "application/json;q=0", "te*/*", ";;;", "application/json;q=2"])
def test_what_is_not_available_is_not_acceptable(server: Running, angry: bytes, accept: str) -> None:
    problem = server.post(angry, headers={"Accept": accept})
    assert problem.status_code == 406
    assert "text/csv" in problem.json()["detail"]


@pytest.mark.parametrize("kind", ["wav", "mp3", "ogg-opus", "webm", "m4a-aac", "amr", "wma", "mpeg-ts", "caf"])
def test_formats_of_recordings(server: Running, encode: Encoder, recognizer: Recognizer, kind: str) -> None:
    content = encode(kind)
    assert server.post(content).json() == [as_json(recognizer.recognize(named(content)))]


def test_channels(server: Running, stereo: bytes, recognizer: Recognizer) -> None:
    each = server.post(stereo, query="?channels=each").json()
    assert [result["channel"] for result in each] == [1, 2]
    assert each == [as_json(result) for result in recognizer.recognize_channels(named(stereo))]
    assert server.post(stereo, query="?channels=2").json() == [each[1]]
    problem = server.post(stereo, query="?channels=3")
    assert (problem.status_code, problem.json()["type"]) == (422, "/problems/unreadable-recording")


def test_tracks(server: Running, encode: Encoder) -> None:
    speech, silence = encode.at(48_000), np.zeros(48_000, np.float32)
    video = encode.mux("matroska", ("pcm_s16le", silence, 48_000), ("pcm_s16le", speech, 48_000))
    (first,), (second,) = (server.post(video, query=f"?track={track}").json() for track in (1, 2))
    assert (first["status"], first["track"], second["track"]) == ("no_speech", 1, 2)
    assert second["emotion"] is not None
    assert server.post(video, query="?track=3").status_code == 422


TRANSCRIPT = """1
00:00:00,300 --> 00:00:03,200
Anna: I told you twice.

2
00:00:09,000 --> 00:00:11,000
Nothing is there.
"""


def test_turns_of_a_transcript_are_answered(server: Running, root: Path, recognizer: Recognizer) -> None:
    sad = (root / "examples/sad.flac").read_bytes()
    speakers = "SPEAKER call 1 0.2 3.1 <NA> <NA> SPEAKER_07 <NA> <NA>"
    files: dict[str, tuple[str, bytes | str]]
    files = {"file": ("sad.flac", sad), "transcript": ("a.srt", TRANSCRIPT), "speakers": ("b.rttm", speakers)}
    (answer,) = server.client.post("/v1/recognitions", files=files).json()
    said, after = answer["segments"]
    assert (said["speaker"], said["emotion"]) == ("SPEAKER_07", "sad")
    assert "told you twice" in said["text"]
    assert (after["status"], after["emotion"]) == ("no_speech", None)
    turns = read_turns(TRANSCRIPT.encode(), speakers.encode())
    assert answer == as_json(recognizer.recognize(named(sad, "sad.flac"), turns=turns))


@pytest.mark.parametrize(
    ("query", "part", "content", "kind"),
    [
        ("?channels=each", "transcript", TRANSCRIPT, "invalid-request"),
        ("", "transcript", "1\n00:00:05,000 --> 00:00:01,000\nbackwards", "unreadable-turns"),
        ("", "speakers", TRANSCRIPT, "unreadable-turns"),
    ],
)
def test_invalid_turns_are_refused(
    server: Running, angry: bytes, query: str, part: str, content: str, kind: str
) -> None:
    files: dict[str, tuple[str, bytes | str]] = {"file": ("a.flac", angry), part: ("turns", content)}
    answer = server.client.post(f"/v1/recognitions{query}", files=files)
    assert (answer.status_code, answer.json()["type"]) == (422, f"/problems/{kind}")


def test_prior_holds_for_its_request_only(server: Running, angry: bytes, recognizer: Recognizer) -> None:
    before = server.post(angry).json()
    answer = server.post(angry, query="?prior=sad=0.9,angry=0.1").json()
    mine = Recognizer(prior=parse_prior("sad=0.9,angry=0.1"))
    assert answer == [as_json(mine.recognize(named(angry)))] != before
    assert server.post(angry).json() == before == [as_json(recognizer.recognize(named(angry)))]


@pytest.mark.parametrize(
    "query",
    [
        *("channels=0", "channels=all", "channels=-1", "channels=1.5", "channels=99999", "channels=1&channels=2"),
        *("track=0", "track=x", "track=1e3", "acoustics=perhaps", "format=xml", "format=", "unknown=1", "channel=1"),
        *("prior=sunny", "prior=happy=2,sad=-1", "prior=happy=nan", "prior=happy=", "prior=" + "x" * 600),
        *("name=" + "n" * 256, "format=textgrid&channels=each&acoustics=true&acoustics=true"),
    ],
)
def test_invalid_options_are_refused(server: Running, angry: bytes, query: str) -> None:
    problem = server.post(angry, query=f"?{query}")
    assert (problem.status_code, problem.json()["type"]) == (422, "/problems/invalid-request")


@pytest.mark.parametrize("content", [b"\0" * 1_000, b"hello", b"RIFF\xff\xff\xff\xffWAVE", b"fLaC" + b"\xff" * 100])
def test_what_is_no_recording_is_refused(server: Running, content: bytes) -> None:
    problem = server.post(content, query="?name=..%2F..%2Fmy%0Acall.wav")
    assert (problem.status_code, problem.json()["type"]) == (422, "/problems/unreadable-recording")
    assert problem.json()["detail"].startswith("mycall.wav ")


def test_silence_is_an_answer(server: Running) -> None:
    file = io.BytesIO()
    soundfile.write(file, np.zeros(16_000), 16_000, format="WAV")
    (result,) = server.post(file.getvalue()).json()
    assert (result["status"], result["emotion"], result["segments"]) == ("no_speech", None, [])


def test_name_labels_the_result_in_every_format(server: Running, angry: bytes) -> None:
    name = 'Łucja, "😀" <b>.wav'
    (result,) = server.client.post("/v1/recognitions", content=angry, params={"name": name}).json()
    assert result["source"] == name
    for export in FORMATS:
        answer = server.client.post("/v1/recognitions", content=angry, params={"name": name, "format": export})
        assert answer.status_code == 200
        answer.content.decode("utf-8")


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Iterator[Running]:
    """A service that takes a minute of sound, with a profile, another prior, and another model's name."""
    path = tmp_path_factory.mktemp("profile") / "profile.json"
    Recognizer().adapt([root / "examples" / f"{name}.flac" for name in ("angry", "neutral", "sad")]).save(path)
    with running(max_duration_s=60, profile=path, prior="everyday", max_waiting=0) as started:
        yield started


def test_settings_choose_profile_and_prior(strict: Running, angry: bytes) -> None:
    (result,) = strict.post(angry).json()
    mine = Recognizer(profile=strict.state.settings.profile, prior=parse_prior("everyday"))
    assert isinstance(mine.profile, AdaptationProfile)
    assert result == as_json(mine.recognize(named(angry)))
    assert result["adapted_to"] == "profile"


def test_small_file_of_hours_is_stopped_early(strict: Running, hours_of_silence: bytes) -> None:
    assert len(hours_of_silence) < 500_000
    begin = time.perf_counter()
    problem = strict.post(hours_of_silence)
    assert (problem.status_code, problem.json()["type"]) == (413, "/problems/recording-too-long")
    assert time.perf_counter() - begin < 3
    strict.wait_until_idle()


def test_settings_choose_the_model(angry: bytes) -> None:
    with running(model="cnn") as started:
        (result,) = started.post(angry).json()
        assert result["model"]["name"] == "cnn"
        served = [model["name"] for model in started.client.get("/v1/models").json()["models"] if model["served"]]
        assert served == ["cnn"]


def test_slow_recognitions_are_stopped(hours_of_silence: bytes, angry: bytes) -> None:
    with running(recognition_timeout_s=0.3, max_duration_s=86_400) as started:
        begin = time.perf_counter()
        many_channels = io.BytesIO()
        soundfile.write(many_channels, np.zeros((16_000, 500), np.float32), 16_000, format="WAV", subtype="PCM_U8")
        for content, query in ((hours_of_silence, ""), (many_channels.getvalue(), "?channels=each")):
            problem = started.post(content, query=query)
            assert (problem.status_code, problem.json()["type"]) == (504, "/problems/recognition-too-slow")
            assert "retry-after" not in problem.headers
            started.wait_until_idle()
        assert time.perf_counter() - begin < 5
        assert started.post(angry).status_code == 200


def named(content: bytes, name: str = "recording") -> io.BytesIO:
    """A file object with the name that the service gives a body without one."""
    file = io.BytesIO(content)
    file.name = name
    return file


def as_json(result: Any) -> dict[str, Any]:
    """A result as a client reads it."""
    content: dict[str, Any] = json.loads(result.to_json())
    return content
