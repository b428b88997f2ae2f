from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks.fuzz_uploads import DEADLINE_S, fuzz, make_case, make_recordings

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def recordings(root: Path) -> dict[str, bytes]:
    found = make_recordings(root)
    del found["hours"]  # each takes seconds
    return found


def test_cases_are_made_again_from_their_numbers(recordings: dict[str, bytes]) -> None:
    cases = [make_case(number, recordings) for number in range(200)]
    assert cases == [make_case(number, recordings) for number in range(200)]
    assert len({case.content for case in cases}) > 190
    assert {case.description.partition(",")[0] for case in cases} > {"wav", "mp3", "webm", "m4a-aac", "amr"}
    assert not {case.content for case in cases} & set(recordings.values())


def test_damaged_uploads_are_answered(recordings: dict[str, bytes]) -> None:
    found = fuzz(range(100), recordings, concurrency=2)
    assert found["lived"]
    assert found["failed"] == []
    assert found["tracebacks"] == 0
    assert found["statuses"].keys() <= {"200", "413", "422", "503"}
    assert sum(found["statuses"].values()) == 100
    assert found["slowest_s"] < DEADLINE_S
