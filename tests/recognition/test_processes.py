"""A recognizer in other processes: after a fork, and pickled."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import subprocess
import sys
import threading
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import affetto
from affetto import Recognizer, read

if TYPE_CHECKING:
    from collections.abc import Callable

RATE = 16_000

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")


@pytest.fixture(scope="module")
def two_utterances(root: Path) -> tuple[np.ndarray, int]:
    pause = np.zeros(RATE, np.float32)
    angry, sad = (read(root / "examples" / f"{name}.flac", sample_rate_hz=RATE).samples for name in ("angry", "sad"))
    return np.concatenate([angry, pause, sad]), RATE


def in_child(call: Callable[[], Any]) -> Any:
    """The result of a call in a forked child, which must return within a minute."""
    context = multiprocessing.get_context("fork")
    answers = context.SimpleQueue()
    child = context.Process(target=lambda: answers.put(call()))
    child.start()
    child.join(timeout=60)
    if child.is_alive():
        child.kill()
        child.join()
        pytest.fail("the child does not answer")
    assert child.exitcode == 0
    return answers.get()


@needs_fork
@pytest.mark.parametrize("model", ["transformer", "svm"])
def test_a_forked_process_gives_the_same_results(model: str, two_utterances: tuple[np.ndarray, int]) -> None:
    recognizer = Recognizer(model, threads=2)
    expected = recognizer.recognize(two_utterances)
    assert len(expected.segments) == 2
    assert in_child(lambda: recognizer.recognize(two_utterances)) == expected
    assert in_child(lambda: list(recognizer.recognize_each([two_utterances] * 3, jobs=2))) == [expected] * 3
    assert in_child(lambda: list(recognizer.stream([two_utterances[0]], sample_rate_hz=RATE))) == list(
        expected.segments
    )
    # A stream that has begun before the fork, and the parent itself.
    live = recognizer.listen(sample_rate_hz=RATE)
    begun = live.push(two_utterances[0][:40_000])
    assert [*begun, *in_child(lambda: live.push(two_utterances[0][40_000:])), *in_child(lambda: live.end().segments)]
    assert recognizer.recognize(two_utterances) == expected


@needs_fork
def test_a_fork_during_the_work_of_other_threads(two_utterances: tuple[np.ndarray, int], root: Path) -> None:
    recognizer = Recognizer(threads=2)
    recording = root / "examples" / "angry.flac"
    expected = [recognizer.recognize(source) for source in (two_utterances, recording)]
    stop = threading.Event()

    def busy() -> None:
        while not stop.is_set():
            recognizer.recognize(two_utterances)
            for _ in range(20):
                read(recording)

    threads = [threading.Thread(target=busy) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(10):
            assert (
                in_child(lambda: [recognizer.recognize(source) for source in (two_utterances, recording)]) == expected
            )
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def test_a_pickled_recognizer_keeps_its_options(
    two_utterances: tuple[np.ndarray, int], root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recognizer = Recognizer(threads=2, self_adaptation=False)
    content = pickle.dumps(recognizer)
    assert len(content) < 10_000
    assert pickle.loads(content).recognize(two_utterances) == recognizer.recognize(two_utterances)
    # A bundle and a profile by relative paths, unpickled in another working folder.
    monkeypatch.chdir(root / "src" / "affetto" / "models")
    recognizer = Recognizer(Path("transformer"))
    recognizer.adapt([root / "examples" / "angry.flac"])
    content = pickle.dumps(recognizer)
    monkeypatch.chdir(tmp_path)
    assert pickle.loads(content).recognize(two_utterances) == recognizer.recognize(two_utterances)


def test_a_recognizer_goes_to_processes_that_are_spawned(two_utterances: tuple[np.ndarray, int]) -> None:
    recognizer = Recognizer()
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        assert pool.submit(recognizer.recognize, two_utterances).result() == recognizer.recognize(two_utterances)


@pytest.mark.parametrize("value", ["2", 2.5, 0, True])
def test_threads_and_jobs_must_be_integers(value: Any, two_utterances: tuple[np.ndarray, int]) -> None:
    with pytest.raises(affetto.ParameterError, match="threads is "):
        Recognizer(threads=value)
    with pytest.raises(affetto.ParameterError, match="jobs is "):
        Recognizer().recognize_each([two_utterances], jobs=value)


def test_a_missing_library_is_not_called_a_broken_model(root: Path) -> None:
    code = (
        "import sys; sys.modules['scipy'] = sys.modules['scipy.fft'] = sys.modules['librosa'] = None; import affetto\n"
        "try: affetto.Recognizer('svm')\n"
        "except affetto.MissingExtraError as error: print(error)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root)
    assert "librosa" in result.stdout or "scipy" in result.stdout
    assert "train it again" not in result.stdout
