"""Checks of parameters."""

from __future__ import annotations

from numbers import Integral

from affetto.errors import ParameterError


def whole_number(value: object, *, name: str, least: int = 1) -> int:
    """Return the value of a parameter as an int.

    Parameters
    ----------
    value : object
        An integer of Python or NumPy.
    name : str
        The parameter, for the error.
    least : int
        The smallest allowed value.

    Raises
    ------
    ParameterError
        If the value is not an integer, or too small.

    Examples
    --------
    >>> import numpy as np
    >>> from affetto._checks import whole_number
    >>> whole_number(np.int64(2), name="jobs")
    2
    """
    if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
        raise ParameterError(f"{name} is {value!r}; give a whole number, {least} or more")
    return int(value)
