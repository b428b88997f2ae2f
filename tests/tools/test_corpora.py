from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from tests.tools.conftest import publish_corpora

from affetto.evaluation import CorporaPredictions, measure_corpora
from tools.corpora import Adaptation, collect, main, parse_name

if TYPE_CHECKING:
    from pathlib import Path

Captured = pytest.CaptureFixture[str]
DOCUMENT = "# Results\n\n<!-- corpora:start -->\nold\n<!-- corpora:end -->\n\nafter\n"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with only the files that the script reads."""
    (tmp_path / "benchmarks" / "results").mkdir(parents=True)
    (tmp_path / "docs" / "research").mkdir(parents=True)
    (tmp_path / "docs" / "research" / "results.md").write_text(DOCUMENT, encoding="utf-8")
    return tmp_path


def results(repository: Path) -> Path:
    return repository / "benchmarks" / "results"


def rows_of(repository: Path) -> list[list[str]]:
    """Write the table into the document, and return its cells."""
    assert main([], root=repository) == 0
    lines = [line for line in document(repository).splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[1:]]


def document(repository: Path) -> str:
    return (repository / "docs" / "research" / "results.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("stem", "expected"),
    [
        ("corpora-svm", ("svm", None)),
        ("corpora-transformer-adapted-20", ("transformer", Adaptation(to_corpus=False, count=20))),
        ("corpora-transformer-adapted-corpus-100", ("transformer", Adaptation(to_corpus=True, count=100))),
        ("corpora-oracle", None),
        ("corpora-svm-adapted", None),
        ("corpora-svm-adapted-all", None),
        ("svm-emobox", None),
    ],
)
def test_names_contain_classifier_and_adaptation(stem: str, expected: tuple[str, Adaptation | None] | None) -> None:
    assert parse_name(stem) == expected


def test_each_corpus_and_the_mean_have_a_row(repository: Path) -> None:
    path = publish_corpora(results(repository), "corpora-svm")
    rows = rows_of(repository)
    assert [row[:3] for row in rows] == [["svm", "", name] for name in ("ravdess", "crema-d", "mean")]
    assert rows[2][3] == str(int(rows[0][3]) + int(rows[1][3]))
    metrics = measure_corpora(CorporaPredictions.from_csv(path))
    for row, figures in zip(rows, [*(part.figures for part in metrics.corpora), metrics.mean], strict=True):
        assert figures.uar.value is not None
        assert figures.ok_precision.value is not None
        assert row[5].startswith(f"{100 * figures.uar.value:.1f} (")
        assert row[8] == f"{100 * figures.ok_precision.value:.1f}"
    assert "- `affetto evaluate --made corpora-svm`" in document(repository)


def test_the_best_classifier_comes_first_and_its_unadapted_results_before_others(repository: Path) -> None:
    publish_corpora(results(repository), "corpora-svm", skill=0.5)
    publish_corpora(results(repository), "corpora-transformer", skill=2.0)
    publish_corpora(results(repository), "corpora-transformer-adapted-corpus-100", skill=3.0)
    publish_corpora(results(repository), "corpora-transformer-adapted-20", skill=3.0)
    publish_corpora(results(repository), "corpora-transformer-adapted-5", skill=3.0)
    assert [row[:2] for row in rows_of(repository)[::3]] == [
        ["transformer", ""],
        ["transformer", "5 recordings of the speaker"],
        ["transformer", "20 recordings of the speaker"],
        ["transformer", "100 recordings of the corpus"],
        ["svm", ""],
    ]
    commands = re.findall(r"- `affetto evaluate --made corpora-(.*)`", document(repository))
    adapted = [f"transformer-adapted-{count}" for count in ("5", "20", "corpus-100")]
    assert commands == ["transformer", *adapted, "svm"]
    assert {measurement.classifier for measurement in collect(results(repository), "svm")} == {"svm"}


def test_write_and_then_check(repository: Path, capsys: Captured) -> None:
    assert main(["--check"], root=repository) == 1
    assert "out of date" in capsys.readouterr().err
    assert main([], root=repository) == 0
    assert main(["--check"], root=repository) == 0  # also before anything is published
    publish_corpora(results(repository), "corpora-svm")
    assert main(["--check"], root=repository) == 1
    assert main([], root=repository) == 0
    assert document(repository).startswith("# Results\n\n<!-- corpora:start -->\n| classifier |")
    assert document(repository).endswith("`\n<!-- corpora:end -->\n\nafter\n")
    assert main(["--check"], root=repository) == 0
    publish_corpora(results(repository), "corpora-svm", skill=2.2)
    assert main(["--check"], root=repository) == 1


def test_a_file_that_cannot_be_read_is_named(repository: Path, capsys: Captured) -> None:
    (repository / "docs" / "research" / "results.md").write_text("no markers", encoding="utf-8")
    assert main(["--check"], root=repository) == 2
    assert re.search(r"results\.md .*<!-- corpora:start -->", capsys.readouterr().err)
    (results(repository) / "corpora-svm.csv").write_text("corpus,clip\n", encoding="utf-8")
    assert main([], root=repository) == 2
    assert "corpora-svm.csv, line 1" in capsys.readouterr().err


def test_the_document_shows_the_published_figures(root: Path) -> None:
    assert main(["--check"], root=root) == 0
