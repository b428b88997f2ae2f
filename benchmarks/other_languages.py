"""Compare the portable model in Node and Chromium with Python, and measure its speed in each.

    npm ci --prefix examples/javascript
    python -m benchmarks.other_languages RAVDESS

Writes benchmarks/results/other_languages.json. Run nothing else meanwhile.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import tempfile
import threading
import time
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import soundfile
from playwright.sync_api import sync_playwright

from affetto import Recognizer, read
from affetto.bundles.bundle import find_bundle, load_bundle
from affetto.bundles.portable import write_portable
from affetto.classifiers.onnx_model import OnnxClassifier
from affetto.corpora import load_corpus
from tools.generated import RESULTS, ROOT, as_json
from tools.provenance import record

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from playwright.sync_api import Page

RESULT = ROOT / RESULTS / "other_languages.json"
JAVASCRIPT = ROOT / "examples" / "javascript"
TIMED = ROOT / "examples" / "sequence.flac"
EVERY = 14  # of the clips for the comparison with JavaScript
REPETITIONS = 25

_NODE = """
    import { readFile } from "node:fs/promises";
    import * as ort from "onnxruntime-node";
    import { Recognizer } from "./affetto/recognizer.mjs";
    import { readWav } from "./wav.mjs";
    const [file, folder, modelFolder] = process.argv.slice(1);
    const session = (path) => ort.InferenceSession.create(path, { intraOpNumThreads: 1 });
    const manifest = JSON.parse(await readFile(`${modelFolder}/manifest.json`, "utf8"));
    const model = await session(`${modelFolder}/model.onnx`);
    const detector = await session(`${folder}/voice_activity.onnx`);
    const recognizer = new Recognizer({ ort, manifest, model, detector });
    const { samples } = readWav(await readFile(file));
"""
_CHROMIUM = """async ([samples, modelFolder]) => {
    const ort = await import("/node_modules/onnxruntime-web/dist/ort.wasm.bundle.min.mjs");
    const { Recognizer } = await import("/affetto/recognizer.mjs");
    ort.env.wasm.numThreads = 1;
    const session = async (path) =>
        ort.InferenceSession.create(new Uint8Array(await (await fetch(path)).arrayBuffer()));
    const manifest = await (await fetch(`${modelFolder}/manifest.json`)).json();
    const model = await session(`${modelFolder}/model.onnx`);
    const detector = await session("/model/voice_activity.onnx");
    const recognizer = new Recognizer({ ort, manifest, model, detector });
    samples = Float32Array.from(samples);
"""
_TIMING = f"""
    let best = Infinity;
    for (let i = 0; i < {REPETITIONS}; i++) {{
        const begin = performance.now();
        await recognizer.recognize(samples);
        best = Math.min(best, performance.now() - begin);
    }}
"""


def changes(shipped: Path, portable: Path, clips: Sequence[Path]) -> dict[str, float]:
    """Compare the portable model with the one that ships, and both with themselves after a change of the last bits."""
    models = [OnnxClassifier(load_bundle(folder)) for folder in (shipped, portable)]
    rng = np.random.default_rng(0)
    rows = []
    for clip in clips:
        samples = read(clip, sample_rate_hz=16_000).samples
        changed = samples * rng.normal(1, 1e-6, len(samples)).astype(np.float32)
        rows.append([model.predict(sound).probabilities for model in models for sound in (samples, changed)])
    ships, ships_changed, portably, portably_changed = np.array(rows).transpose(1, 0, 2)
    return {
        "clips": len(clips),
        "same_emotion": round(float((ships.argmax(1) == portably.argmax(1)).mean()), 4),
        "mean_difference": round(float(np.abs(ships - portably).mean()), 5),
        "largest_difference": round(float(np.abs(ships - portably).max()), 4),
        "shipped_after_last_bits": round(float(np.abs(ships - ships_changed).max()), 4),
        "portable_after_last_bits": float(f"{np.abs(portably - portably_changed).max():.1e}"),
    }


def agreement(python: Recognizer, results: Sequence[dict[str, Any]], clips: Sequence[Path]) -> dict[str, float]:
    """Compare the results of another language with those of Python."""
    largest, same_segments = 0.0, 0
    for clip, result in zip(clips, results, strict=True):
        expected = python.recognize(clip).to_dict()
        spans = [[(segment["start_s"], segment["end_s"]) for segment in one["segments"]] for one in (result, expected)]
        same_segments += len(spans[0]) == len(spans[1]) and np.allclose(spans[0], spans[1], atol=0.0011)
        both = (result["probabilities"], expected["probabilities"])
        largest = max(largest, *(abs(both[0][label] - both[1][label]) for label in both[1]))
    return {"clips": len(clips), "same_segments": same_segments, "largest_difference": float(f"{largest:.1e}")}


def in_node(folder: Path, clips: Sequence[Path]) -> list[dict[str, Any]]:
    command = ["node", "recognize.mjs", "--model", str(folder), *map(str, clips)]
    return list(json.loads(subprocess.run(command, cwd=JAVASCRIPT, check=True, capture_output=True).stdout))


def in_chromium(page: Page, clips: Sequence[Path]) -> list[dict[str, Any]]:
    results = []
    for clip in clips:
        page.set_input_files("#file", clip)
        page.get_by_role("status").get_by_text(f"{clip.name}:").wait_for()
        results.append(json.loads(page.text_content("#json") or ""))
    return results


def node_ms(file: Path, portable: Path, model: Path) -> float:
    script = f"{_NODE}{_TIMING} console.log(best);"
    command = ["node", "--input-type=module", "--eval", script, *map(str, (file, portable, model))]
    return float(subprocess.run(command, cwd=JAVASCRIPT, check=True, capture_output=True).stdout)


def python_ms(samples: np.ndarray, model: Path) -> float:
    recognizer, times = Recognizer(model, threads=1), []
    for _ in range(REPETITIONS):
        begin = time.perf_counter()
        recognizer.recognize((samples, 16_000))
        times.append(time.perf_counter() - begin)
    return 1000 * min(times)


def serve(folder: Path) -> ThreadingHTTPServer:
    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def measure(corpus: Path, site: Path, page: Page, address: str) -> dict[str, Any]:
    """Return all figures; `site` holds the examples, and the folders of both models."""
    shipped, portable = site / "shipped", site / "model"
    clips = [utterance.path for utterance in load_corpus(corpus).utterances]
    files, resampled = [], []
    for clip in clips[::EVERY]:
        files.append(site / f"{clip.stem}.wav")
        resampled.append(site / f"{clip.stem}-16.wav")
        own, rate = soundfile.read(clip)
        soundfile.write(files[-1], own, rate, subtype="PCM_24")
        soundfile.write(resampled[-1], read(clip, sample_rate_hz=16_000).samples, 16_000, subtype="FLOAT")
    samples = read(TIMED, sample_rate_hz=16_000).samples
    soundfile.write(site / "timed.wav", samples, 16_000, subtype="FLOAT")
    milliseconds: dict[str, Callable[[Path], float]] = {
        "python": lambda model: python_ms(samples, model),
        "node": lambda model: node_ms(site / "timed.wav", portable, model),
        "chromium": lambda model: page.evaluate(
            f"{_CHROMIUM}{_TIMING} return best; }}", [samples.tolist(), f"/{model.name}"]
        ),
    }
    page.goto(f"{address}/package.json")  # the page itself would block scripts from elsewhere
    speed = {
        f"{language}_{name}": round(timed(model) / (len(samples) / 16_000), 1)
        for language, timed in milliseconds.items()
        for name, model in (("shipped", shipped), ("portable", portable))
    }
    page.goto(f"{address}/browser/")
    page.wait_for_selector("#file:enabled")
    python = Recognizer(portable)
    return {
        "portable_and_shipped": changes(shipped, portable, clips),
        "node_samples": agreement(python, in_node(portable, resampled), resampled),
        "node_files": agreement(python, in_node(portable, files), files),
        "chromium_samples": agreement(python, in_chromium(page, resampled), resampled),
        "chromium_files": agreement(python, in_chromium(page, files), files),
        "ms_per_second_of_sound": speed,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path, metavar="RAVDESS")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        site = Path(folder)
        for name in ("affetto", "browser", "node_modules", "package.json"):
            (site / name).symlink_to(JAVASCRIPT / name)
        shutil.copytree(find_bundle("transformer"), site / "shipped")
        write_portable(load_bundle(site / "shipped"), site / "model")
        server = serve(site)
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        content = measure(options.corpus, site, browser.new_page(), f"http://127.0.0.1:{server.server_port}")
        browser.close()
        server.shutdown()
    RESULT.write_text(as_json(content), encoding="utf-8")
    record(RESULT)


if __name__ == "__main__":
    main()
