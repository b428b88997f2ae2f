from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from affetto import ParameterError
from affetto._checks import whole_number


@pytest.mark.parametrize("value", [3, np.int64(3), np.uint8(3), np.array([3])[0]])
def test_integers_of_numpy_are_accepted(value: Any) -> None:
    number = whole_number(value, name="jobs")
    assert (number, type(number)) == (3, int)


@pytest.mark.parametrize("value", ["3", 3.0, 1.5, 0, -1, True, None, float("nan"), [3], np.bool_(True)])
def test_other_values_are_refused(value: Any) -> None:
    with pytest.raises(ParameterError, match="jobs is ") as caught:
        whole_number(value, name="jobs")
    assert repr(value) in str(caught.value)
