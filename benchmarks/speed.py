"""Speed and memory of the shipped models and of training, each in a process of its own.

    python benchmarks/speed.py DIR

Writes benchmarks/results/speed.json with the machine and the versions it was measured on. Leave the machine alone
while it runs.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

RESULT = Path(__file__).parent / "results" / "speed.json"
MODELS = ("svm", "mlp", "gmm")


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
    from affetto.training.chains import make_chain
    from affetto.training.train import train

    with tempfile.TemporaryDirectory() as folder:
        os.environ["AFFETTO_CACHE"] = str(Path(folder) / "cache")
        begin = time.perf_counter()
        train(make_chain(model), load_corpus(corpus), Path(folder) / "bundle", classifier=model)
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


TASKS = {"throughput": throughput, "training": training, "cold_command": cold_command}


def peak_memory_mb() -> float:
    """Return the largest resident set of this process and of each of its children, added up; POSIX only."""
    import resource

    unit = 1e6 if sys.platform == "darwin" else 1e3
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # RUSAGE_CHILDREN gives the largest child; as many as there are cores may run at once.
    return round((own + children * (os.cpu_count() or 1)) / unit, 0)


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure speed and memory.")
    parser.add_argument("corpus", type=Path, metavar="DIR")
    parser.add_argument("--task", choices=TASKS, help="measure one thing in this process and print it")
    parser.add_argument("--model", choices=MODELS, default=MODELS[0])
    options = parser.parse_args()
    if options.task:
        figures = TASKS[options.task](options.corpus, options.model)
        print(json.dumps(figures | {"peak_memory_mb": peak_memory_mb()}))
        return
    plan = [("throughput", m) for m in MODELS] + [("training", m) for m in MODELS] + [("cold_command", MODELS[0])]
    content: dict[str, object] = {
        "machine": f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, {platform.system()}",
        "versions": {
            "python": platform.python_version(),
            **{library: version(library) for library in ("librosa", "numpy", "onnxruntime", "scikit-learn")},
        },
    }
    for task, model in plan:
        command = [sys.executable, __file__, str(options.corpus), "--task", task, "--model", model]
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        content[f"{task}-{model}"] = json.loads(output.splitlines()[-1])
        print(f"{task}-{model}: {output.splitlines()[-1]}", flush=True)
    RESULT.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
