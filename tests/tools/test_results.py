from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score, recall_score
from tests.tools.conftest import recorded

from affetto.corpora.base import EMOTIONS, Corpus
from affetto.corpora.published import RAVDESS
from affetto.evaluation import PROTOCOLS, Predictions, get_protocol
from tools.results import main, parse_name

Captured = pytest.CaptureFixture[str]
README = "# Affetto\n\nbefore\n\n<!-- results:start -->\nold\n<!-- results:end -->\n\nafter\n"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with a README and a folder for results."""
    (tmp_path / "benchmarks" / "results").mkdir(parents=True)
    (tmp_path / "README.md").write_text(README, encoding="utf-8")
    return tmp_path


def publish(repository: Path, name: str, *, skill: float = 2.0, folds_of: str | None = None) -> Path:
    """Write the predictions of a system of this skill, as if it had been measured."""
    utterances = [RAVDESS.parse(Path(f"{clip}.wav")) for clip in RAVDESS.clips]
    scores = np.random.default_rng(len(name)).normal(size=(1440, 8))
    scores[np.arange(1440), [EMOTIONS.index(u.emotion) for u in utterances]] += skill
    fold = np.ones(1440, dtype=np.intp)
    for split in get_protocol(folds_of or next(p for p in PROTOCOLS if name.endswith(f"-{p}"))).split(
        Corpus("ravdess", "", "", utterances)
    ):
        fold[split.test] = split.number
    path = repository / "benchmarks" / "results" / f"{name}.csv"
    Predictions(
        clip=tuple(u.clip for u in utterances),
        speaker=tuple(u.speaker for u in utterances),
        fold=fold,
        emotion=tuple(u.emotion for u in utterances),
        probabilities=np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True),
        labels=EMOTIONS,
    ).to_csv(path)
    return recorded(path)


def rows_of(repository: Path) -> list[list[str]]:
    """Write the table into the README, and return its cells."""
    assert main([], root=repository) == 0
    lines = [line for line in (repository / "README.md").read_text(encoding="utf-8").splitlines() if "|" in line]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


@pytest.mark.parametrize(
    ("stem", "expected"),
    [
        ("svm-emobox", ("svm", "emobox")),
        ("transformer-nemo-luna-jimenez", ("transformer-nemo", "luna-jimenez")),
        ("tutorial-random", ("tutorial", "random")),
        ("svm", None),
        ("emobox", None),
        ("svm-emodb", None),
        ("robustness-noise-emobox", None),
        ("svm-adapted-emobox", None),
        ("svm-adapted-20", None),
    ],
)
def test_names_contain_classifier_and_protocol(stem: str, expected: tuple[str, str] | None) -> None:
    parsed = parse_name(stem)
    assert expected == (parsed and (parsed[0], parsed[1].name))


def test_the_table_is_computed_from_the_files(repository: Path) -> None:
    path = publish(repository, "transformer-nemo-emobox")
    ((classifier, protocol, uar, accuracy, f1, clips, command),) = rows_of(repository)
    assert (classifier, protocol, clips) == ("transformer-nemo", "`emobox`", "1440")
    assert command == "`affetto evaluate --made transformer-nemo-emobox`"
    lines = [line.split(",") for line in path.read_text(encoding="utf-8").splitlines()[1:]]
    truth, predicted = [line[3] for line in lines], [line[4] for line in lines]
    assert uar.split(" (")[0] == f"{100 * recall_score(truth, predicted, average='macro'):.1f}"
    assert accuracy == f"{100 * accuracy_score(truth, predicted):.1f}"
    assert f1 == f"{100 * f1_score(truth, predicted, average='macro'):.1f}"
    low, high = (float(end) for end in uar.split("(")[1].rstrip(")").split("–"))
    assert low < float(uar.split(" (")[0]) < high


def test_rows_come_by_protocol_and_then_the_best_first(repository: Path) -> None:
    publish(repository, "gmm-emobox", skill=1.0)
    publish(repository, "svm-emobox", skill=3.0)
    publish(repository, "mlp-luna-jimenez", skill=3.0)
    publish(repository, "tutorial-random", skill=3.0)
    publish(repository, "robustness-noise-emobox")
    (repository / "benchmarks" / "results" / "svm-adapted-emobox.csv").write_text("another table", encoding="utf-8")
    rows = rows_of(repository)
    assert [row[0] for row in rows] == ["svm", "gmm", "mlp", "tutorial"]
    assert [sum("speakers leak" in cell for cell in row) for row in rows] == [0, 0, 0, 3]


def test_write_and_then_check(repository: Path, capsys: Captured) -> None:
    publish(repository, "svm-emobox")
    readme = repository / "README.md"
    assert main(["--check"], root=repository) == 1
    assert "out of date" in capsys.readouterr().err
    assert readme.read_text(encoding="utf-8") == README
    assert main([], root=repository) == 0
    written = readme.read_text(encoding="utf-8")
    assert written.startswith("# Affetto\n\nbefore\n\n<!-- results:start -->\n| classifier |")
    assert written.endswith(" |\n<!-- results:end -->\n\nafter\n")
    assert "old" not in written
    assert main(["--check"], root=repository) == 0
    publish(repository, "svm-emobox", skill=2.2)
    assert main(["--check"], root=repository) == 1


@pytest.mark.parametrize(
    "readme",
    [
        "no markers",
        README.replace("<!-- results:end -->", ""),
        README + README,
        "<!-- results:end -->\n<!-- results:start -->\n",
    ],
)
def test_a_readme_without_its_markers_is_refused(repository: Path, capsys: Captured, readme: str) -> None:
    publish(repository, "svm-emobox")
    (repository / "README.md").write_text(readme, encoding="utf-8")
    assert main([], root=repository) == 2
    assert re.search(r"README\.md .*<!-- results:start -->", capsys.readouterr().err)
    assert (repository / "README.md").read_text(encoding="utf-8") == readme


def test_a_missing_readme_is_named(repository: Path, capsys: Captured) -> None:
    publish(repository, "svm-emobox")
    (repository / "README.md").unlink()
    assert main(["--check"], root=repository) == 2
    assert "README.md" in capsys.readouterr().err


def test_no_results_are_an_error(repository: Path, capsys: Captured) -> None:
    assert main([], root=repository) == 2
    assert "there is no <classifier>-<protocol>.csv" in capsys.readouterr().err


def test_a_file_that_was_measured_by_another_protocol_is_refused(repository: Path, capsys: Captured) -> None:
    publish(repository, "svm-emobox", folds_of="random")
    assert main([], root=repository) == 2
    error = capsys.readouterr().err
    assert "svm-emobox.csv: the fold of 03-01-" in error


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("03-01-01-01-01-01-01,1,1,neutral,", "03-01-01-01-01-01-01,1,1,calm,", "emotion of .*-01 is neutral, .* calm"),
        ("03-01-01-01-01-01-01,1,1,", "03-01-01-01-01-01-01,2,1,", "actor of .*-01 is 1, .* says 2"),
        ("03-01-01-01-01-01-01,1,1,", "mine,1,1,", "2 clips are missing or not RAVDESS's .*publish all 1440"),
        ("03-01-01-01-01-01-01,1,1,", "03-01-01-01-01-01-01,1,one,", "line 2.*'fold'.*'one'"),
    ],
)
def test_a_file_that_contradicts_ravdess_is_refused(
    repository: Path, capsys: Captured, old: str, new: str, message: str
) -> None:
    path = publish(repository, "svm-emobox")
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    assert main([], root=repository) == 2
    assert re.search(rf"svm-emobox\.csv.*{message}", capsys.readouterr().err)


def test_the_readme_shows_the_published_figures(root: Path) -> None:
    assert main(["--check"], root=root) == 0
