from __future__ import annotations

from typing import Any

import pytest

from affetto.recognition.encoders import corpora_heard, distillations, rounds

NEMO, EMODB = {"name": "nemo", "licence": "NC"}, {"name": "emodb", "licence": "free"}
FIRST = {"distilled_from": "whisper-base", "corpora": [NEMO]}
SECOND = {"distilled_from": "whisper-base", "corpora": [EMODB], "begun_at": FIRST}
THIRD = {"distilled_from": "whisper-base", "corpora": [NEMO], "begun_at": SECOND}


def test_rounds_are_told_from_the_first_on() -> None:
    assert rounds(FIRST) == [FIRST]
    assert rounds(THIRD) == [FIRST, SECOND, THIRD]


def test_whoever_was_heard_in_any_round_was_heard() -> None:
    assert corpora_heard([]) == []
    assert corpora_heard([SECOND]) == [NEMO, EMODB]
    assert corpora_heard([FIRST, THIRD]) == [NEMO, EMODB]


@pytest.mark.parametrize("manifest", [{}, {"encoders": None}, {"encoders": {"names": ["whisper-base"]}}])
def test_a_model_without_a_distilled_encoder_has_none(manifest: dict[str, Any]) -> None:
    assert distillations(manifest) == []


def test_each_encoder_of_a_model_is_told() -> None:
    assert distillations({"encoders": {"distilled": [FIRST, SECOND]}}) == [FIRST, SECOND]
