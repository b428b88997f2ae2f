"""Measure speed and memory of the shipped models, of other feature extractors, and of training.

    pip install opensmile
    python -m benchmarks.speed RAVDESS

Each is measured in a process of its own, one after the other. Writes benchmarks/results/speed.json, or training.json
with `--training`. Run nothing else meanwhile.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from affetto._cpus import usable_cpus
from tools.generated import RESULTS, ROOT, as_json
from tools.provenance import record

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

RESULT = ROOT / RESULTS / "speed.json"
TRAINING_RESULT = RESULT.with_name("training.json")
MODELS = ("transformer", "cnn", "svm", "mlp", "gmm")
TRAINED = ("svm", "mlp", "gmm")


def throughput(corpus: Path, model: str) -> dict[str, float]:
    """Recognize all clips of a corpus: file to probabilities."""
    from affetto import Failure, Recognizer
    from affetto.corpora import load_corpus

    paths = [utterance.path for utterance in load_corpus(corpus).utterances]
    recognizer = Recognizer(model)
    recognizer.recognize(paths[0])
    begin = time.perf_counter()
    seconds = 0.0
    for outcome in recognizer.recognize_each(paths):
        if isinstance(outcome, Failure):
            raise SystemExit(outcome.error)
        seconds += outcome.duration_s
    elapsed = time.perf_counter() - begin
    times = []
    for path in paths[:100]:
        begin = time.perf_counter()
        recognizer.recognize(path)
        times.append(time.perf_counter() - begin)
    return {
        "recordings_s": round(seconds, 1),
        "elapsed_s": round(elapsed, 2),
        "times_real_time": round(seconds / elapsed, 1),
        "one_clip_median_ms": round(1000 * statistics.median(times), 1),
    }


def training(corpus: Path, model: str) -> dict[str, float]:
    """Extract the features of all clips and train, with nothing cached."""
    from affetto.corpora import load_corpus
    from affetto.training.pipelines import build_pipeline
    from affetto.training.train import train

    with tempfile.TemporaryDirectory() as folder:
        os.environ["AFFETTO_CACHE"] = str(Path(folder) / "cache")
        begin = time.perf_counter()
        train(build_pipeline(model), load_corpus(corpus), Path(folder) / "bundle", classifier=model)
        return {"elapsed_s": round(time.perf_counter() - begin, 1)}


def cold_command(corpus: Path, model: str) -> dict[str, float]:
    """Run the command line on one clip from a cold start, several times."""
    clip = next(iter(sorted(corpus.rglob("03-01-05-*"))))
    command = [sys.executable, "-c", "from affetto.cli import main; main()", "recognize", str(clip), "--model", model]
    times = []
    for _ in range(5):
        begin = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        times.append(time.perf_counter() - begin)
    return {"median_s": round(statistics.median(times), 2)}


def tutorial_features(corpus: Path, _: str) -> dict[str, float]:
    """Compute the features of the common tutorial."""
    from benchmarks.tutorial import tutorial_features as compute

    return _over_all(corpus, compute)


def opensmile_features(corpus: Path, _: str) -> dict[str, float]:
    """Compute eGeMAPS by openSMILE."""
    import opensmile

    smile = opensmile.Smile(opensmile.FeatureSet.eGeMAPSv02, opensmile.FeatureLevel.Functionals)
    return _over_all(corpus, lambda path: smile.process_file(str(path)))


def _over_all(corpus: Path, compute: Callable[[Path], object]) -> dict[str, float]:
    """Time something over all clips, on as many processes as there are cores."""
    import soundfile
    from joblib import Parallel, delayed

    from affetto.corpora import load_corpus

    paths = [utterance.path for utterance in load_corpus(corpus).utterances]
    seconds = sum(soundfile.info(path).duration for path in paths)
    compute(paths[0])
    begin = time.perf_counter()
    # Threads where the library lets go of the interpreter would be slower than processes for both.
    Parallel(n_jobs=-1)(delayed(_each)(compute, paths[i::16]) for i in range(16))
    elapsed = time.perf_counter() - begin
    return {
        "recordings_s": round(seconds, 1),
        "elapsed_s": round(elapsed, 2),
        "times_real_time": round(seconds / elapsed, 1),
    }


def _each(compute: Callable[[Path], object], paths: Sequence[Path]) -> None:
    for path in paths:
        compute(path)


def matrix_peak(corpus: Path, model: str) -> dict[str, float]:
    """Compare the encoder's products with the fastest that ONNX Runtime does on this machine, one core."""
    import numpy as np
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    from affetto._onnx import OnnxModel
    from affetto.bundles.bundle import find_bundle, load_bundle
    from affetto.corpora import load_corpus
    from affetto.speech import read

    rng = np.random.default_rng(0)

    def rate(integers: bool) -> float:
        rows, inner, columns = 512, 512, 2048
        if integers:
            weights = rng.integers(-64, 64, (inner, columns)).astype(np.int8)
            nodes = [helper.make_node("MatMulInteger", ["x", "w"], ["y"])]
            x, kind, out = rng.integers(0, 128, (rows, inner)).astype(np.uint8), TensorProto.UINT8, TensorProto.INT32
        else:
            weights = rng.normal(size=(inner, columns)).astype(np.float32)
            nodes = [helper.make_node("MatMul", ["x", "w"], ["y"])]
            x, kind, out = rng.normal(size=(rows, inner)).astype(np.float32), TensorProto.FLOAT, TensorProto.FLOAT
        graph = helper.make_graph(
            nodes,
            "product",
            [helper.make_tensor_value_info("x", kind, [rows, inner])],
            [helper.make_tensor_value_info("y", out, [rows, columns])],
            [numpy_helper.from_array(weights, "w")],
        )
        single = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
        product = OnnxModel(bytes(single.SerializeToString()))
        times = []
        for _ in range(30):
            begin = time.perf_counter()
            product.run(["y"], {"x": x})
            times.append(time.perf_counter() - begin)
        return 2 * rows * inner * columns / min(times) / 1e9

    bundle = load_bundle(find_bundle(model))
    graph = onnx.load_from_string(bundle.model).graph
    weights = {tensor.name: tuple(tensor.dims) for tensor in graph.initializer}
    runnable = OnnxModel(bundle.model)
    utterance = load_corpus(corpus).utterances[0]
    samples = read(utterance.path, sample_rate_hz=16_000).samples
    # All of it counts as speech here: noise has no silence around it.
    noise = rng.normal(0, 0.1, len(samples)).astype(np.float32)[None]
    times = []
    for _ in range(30):
        begin = time.perf_counter()
        runnable.run(runnable.output_names, {"samples": noise})
        times.append(time.perf_counter() - begin)
    frames = noise.shape[1] / 320
    operations = 0.0
    for node in graph.node:
        if node.op_type in ("MatMulInteger", "DynamicQuantizeMatMul") and node.input[1] in weights:
            inner, columns = weights[node.input[1]]
            first = 2 if inner == 240 else 1  # the first convolution runs at twice the rate
            operations += 2 * inner * columns * frames * first
    reached = operations / min(times) / 1e9
    peaks = {"float32": rate(integers=False), "int8": rate(integers=True)}
    return {
        **{f"peak_{kind}_gops": round(peak, 1) for kind, peak in peaks.items()},
        "encoder_gops": round(reached, 1),
        "fraction_of_int8_peak": round(reached / peaks["int8"], 3),
    }


TASKS: dict[str, Callable[[Path, str], dict[str, float]]] = {
    "throughput": throughput,
    "training": training,
    "cold_command": cold_command,
    "tutorial_features": tutorial_features,
    "opensmile_features": opensmile_features,
    "matrix_peak": matrix_peak,
}


def peak_memory_mb() -> float:
    """Return the largest resident set of this process and of each of its children, added up; POSIX only."""
    import resource

    unit = 1e6 if sys.platform == "darwin" else 1e3
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # RUSAGE_CHILDREN gives the largest child; as many as there are cores may run at once.
    return round((own + children * usable_cpus()) / unit, 0)


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure speed and memory.")
    parser.add_argument("corpus", type=Path, metavar="RAVDESS")
    parser.add_argument("--training", action="store_true", help="measure the training of the classic models instead")
    parser.add_argument("--task", choices=TASKS, help="measure one thing in this process and print it")
    parser.add_argument("--model", choices=MODELS, default=MODELS[0])
    options = parser.parse_args()
    if options.task:
        figures = TASKS[options.task](options.corpus, options.model)
        print(json.dumps(figures | {"peak_memory_mb": peak_memory_mb()}))
        return
    if options.training:
        result, plan = TRAINING_RESULT, [("training", model) for model in TRAINED]
    else:
        result, plan = RESULT, [("throughput", model) for model in MODELS]
        plan += [(task, MODELS[0]) for task in ("cold_command", "matrix_peak")]
        plan += [("tutorial_features", ""), ("opensmile_features", "")]
    content: dict[str, object] = {}
    for task, model in plan:
        command = [sys.executable, "-m", "benchmarks.speed", str(options.corpus.resolve()), "--task", task]
        command += ["--model", model] if model else []
        output = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout
        name = f"{task}-{model}" if model else task
        content[name] = json.loads(output.splitlines()[-1])
        print(f"{name}: {output.splitlines()[-1]}", flush=True)
    result.write_text(as_json(content), encoding="utf-8")
    record(result)


if __name__ == "__main__":
    main()
