"""The examples in JavaScript, in Node and in Chromium, give what Python gives with the same portable model."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile
from playwright.sync_api import expect
from tests.browser import REQUIRED

from affetto import Recognizer, read
from affetto.bundles.bundle import find_bundle, load_bundle
from affetto.bundles.portable import write_portable
from affetto.classifiers.onnx_model import OnnxClassifier

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page, Request

JAVASCRIPT = Path(__file__).parents[2] / "examples" / "javascript"
EXAMPLES = JAVASCRIPT.parent
NAMES = ["sequence", "reading-long", "sad-3", "angry"]

# Of probabilities, arousal and valence. Of recordings that are resampled, resamplers differ.
TOLERANCE, RESAMPLED = 1e-4, 1e-3


@pytest.fixture(scope="module", autouse=True)
def packages() -> None:
    """The packages that the examples need, and Node."""
    missing = [
        *([] if shutil.which("node") else ["Node is not installed; on Debian: apt-get install nodejs npm"]),
        *([] if (JAVASCRIPT / "node_modules").is_dir() else [f"run: npm ci --prefix {JAVASCRIPT}"]),
    ]
    if missing and os.environ.get(REQUIRED):
        pytest.fail(f"{'; '.join(missing)} ({REQUIRED} is set)")
    if missing:
        pytest.skip("; ".join(missing))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_portable(load_bundle(find_bundle("transformer")), tmp_path_factory.mktemp("site") / "model").folder


@pytest.fixture(scope="module")
def python(model: Path) -> Recognizer:
    return Recognizer(model)


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """WAV files: at 16 kHz, at the rate of the example, and without speech."""
    folder = tmp_path_factory.mktemp("recordings")
    for name in NAMES:
        at_16_khz = read(EXAMPLES / f"{name}.flac", sample_rate_hz=16_000)
        soundfile.write(folder / f"{name}-16.wav", at_16_khz.samples, 16_000, subtype="FLOAT")
        samples, rate = soundfile.read(EXAMPLES / f"{name}.flac")
        soundfile.write(folder / f"{name}-own.wav", np.stack([samples, samples / 2], 1), rate, subtype="PCM_24")
    soundfile.write(folder / "silence.wav", np.zeros(16_000), 16_000, subtype="PCM_16")
    # Quiet at first, and longer than a segment may be.
    reading = read(EXAMPLES / "reading-long.flac", sample_rate_hz=16_000).samples
    long = np.concatenate([0.002 * reading, reading, reading[2_000:], reading])
    soundfile.write(folder / "cut-16.wav", long, 16_000, subtype="FLOAT")
    return sorted(folder.iterdir())


def run_node(*arguments: object) -> Any:
    command = ["node", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=120, check=False, cwd=JAVASCRIPT)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def assert_same(result: dict[str, Any], expected: dict[str, Any], tolerance: float) -> None:
    """Compare a recognition, or a segment, with that of Python."""
    for field in ("status", "emotion", "adapted_to"):
        assert result.get(field) == expected.get(field), field
    for field in {"start_s", "end_s", "duration_s"} & expected.keys():
        assert result[field] == pytest.approx(expected[field], abs=0.0011), field  # languages round halves differently
    if expected["status"] != "no_speech":
        for field in ("probabilities", "confidence", "arousal", "valence"):
            assert result[field] == pytest.approx(expected[field], abs=tolerance, rel=0), field
    segments, expected_segments = result.get("segments", []), expected.get("segments", [])
    assert len(segments) == len(expected_segments)
    for segment, expected_segment in zip(segments, expected_segments, strict=True):
        assert_same(segment, expected_segment, tolerance)


def tolerance_for(recording: Path) -> float:
    return RESAMPLED if recording.name.endswith("-own.wav") else TOLERANCE


def test_node_gives_what_python_gives(model: Path, python: Recognizer, recordings: list[Path]) -> None:
    results = run_node("recognize.mjs", "--model", model, *recordings)
    assert [Path(result["source"]) for result in results] == recordings
    for recording, result in zip(recordings, results, strict=True):
        assert_same(result, python.recognize(recording).to_dict(), tolerance_for(recording))


@pytest.mark.parametrize(
    ("names", "speaker_count"),
    [(["sequence", "angry", "neutral", "disgust", "surprised"], "one"), (["*"], "several"), (["sad-3"], "unknown")],
)
def test_node_adapts_to_a_profile_and_a_prior(
    names: list[str], speaker_count: str, model: Path, recordings: list[Path], tmp_path: Path
) -> None:
    profile = Recognizer(model).adapt([path for name in names for path in sorted(EXAMPLES.glob(f"{name}.flac"))])
    assert profile.speaker_count == speaker_count
    profile.save(tmp_path / "me.json")
    (recording,) = (path for path in recordings if path.name == "sequence-16.wav")
    options = ["--model", model, "--profile", tmp_path / "me.json", "--prior", "everyday"]
    (result,) = run_node("recognize.mjs", *options, recording)
    expected = Recognizer(model, profile=profile, prior="everyday").recognize(recording)
    assert expected.adapted_to == "profile"
    assert_same(result, expected.to_dict(), TOLERANCE)


def test_node_gives_embeddings_and_probabilities_of_a_segment(
    model: Path, recordings: list[Path], tmp_path: Path
) -> None:
    (recording,) = (path for path in recordings if path.name == "angry-16.wav")
    script = """
        import { readFile } from "node:fs/promises";
        import * as ort from "onnxruntime-node";
        import { Recognizer } from "./affetto/recognizer.mjs";
        import { readWav } from "./wav.mjs";

        const [folder, file] = process.argv.slice(1);
        const manifest = JSON.parse(await readFile(`${folder}/manifest.json`, "utf8"));
        const model = await ort.InferenceSession.create(`${folder}/model.onnx`);
        const recognizer = new Recognizer({ ort, manifest, model });
        const output = await recognizer.predict(readWav(await readFile(file)).samples);
        console.log(JSON.stringify(Object.values(output).map((values) => [...values])));
    """
    output = run_node("--input-type=module", "--eval", script, model, recording)
    expected = OnnxClassifier(load_bundle(model)).predict(read(recording).samples)
    for values, expected_values in zip(output, expected, strict=True):
        assert values == pytest.approx(expected_values, abs=TOLERANCE, rel=0)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [(["README.md"], "README.md"), (["--prior", "bored", "angry-16.wav"], "everyday"), ([], "usage")],
)
def test_node_says_what_is_wrong(arguments: list[str], expected: str, model: Path, recordings: list[Path]) -> None:
    paths = {path.name: path for path in [*recordings, EXAMPLES / "README.md"]}
    command = ["node", "recognize.mjs", "--model", model, *(paths.get(argument, argument) for argument in arguments)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=60, check=False, cwd=JAVASCRIPT)
    assert done.returncode != 0
    assert expected in done.stderr
    assert "    at " not in done.stderr  # no stack trace


@pytest.fixture(scope="module")
def url(model: Path) -> Iterator[str]:
    """The address of the page, on a server of this computer."""
    site = model.parent
    for name in ("affetto", "browser", "node_modules"):
        (site / name).symlink_to(JAVASCRIPT / name)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_QuietHandler, directory=str(site))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/browser/"
        server.shutdown()


class _QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None:
        """Print nothing."""


def open_page(page: Page, url: str) -> None:
    page.goto(url)
    page.wait_for_selector("#file:enabled", timeout=60_000)


def recognize_in(page: Page, recording: Path) -> str:
    """Let the page recognize a file; return what it then says, with the names of emotions."""
    page.set_input_files("#file", recording)
    expect(page.get_by_role("status")).to_contain_text(re.compile(f"^{re.escape(recording.name)}"), timeout=60_000)
    return page.inner_text("main")


def test_chromium_gives_what_python_gives_and_sends_nothing(
    page: Page, url: str, python: Recognizer, recordings: list[Path]
) -> None:
    open_page(page, url)
    requests: list[Request] = []
    page.on("request", lambda request: requests.append(request))
    page.context.set_offline(True)
    some = [path for path in recordings if path.stem in ("sequence-16", "sad-3-16", "angry-own", "silence")]
    for recording in [*some, EXAMPLES / "angry.flac", EXAMPLES / "happy.flac"]:
        text = recognize_in(page, recording)
        expected = python.recognize(recording).to_dict()
        is_resampled = not recording.stem.endswith("-16")
        assert_same(json.loads(page.text_content("#json") or ""), expected, RESAMPLED if is_resampled else TOLERANCE)
        assert (expected["emotion"] or "Nobody speaks") in text
    assert [request.url for request in requests if not request.url.startswith("blob:")] == []


def test_the_page_blocks_connections_and_says_what_is_wrong(chromium: Browser, url: str) -> None:
    page = chromium.new_page()
    open_page(page, url)
    refusal = page.evaluate("fetch('../model/manifest.json').catch((error) => error.name)")
    assert refusal == "TypeError"
    assert "README.md cannot be read" in recognize_in(page, EXAMPLES / "README.md")
    assert "surprised?" in recognize_in(page, EXAMPLES / "angry.flac")
    page.close()


def test_the_page_names_a_missing_model(page: Page, url: str) -> None:
    page.route("**/model.onnx", lambda route: route.fulfill(status=404))
    page.goto(url)
    expect(page.get_by_role("status")).to_contain_text("affetto models transformer --portable model", timeout=60_000)
