"""Numbers that parameters and options take, checked in one way."""

from __future__ import annotations

from numbers import Integral

from affetto.errors import ParameterError


def whole_number(value: object, *, name: str, least: int = 1) -> int:
    """Return a parameter as an int, or say what is wrong with it.

    Parameters
    ----------
    value : object
        An int, or one of NumPy's, as tables hold them.
    name : str
        The parameter, as the user gave it.
    least : int
        The smallest value that makes sense.

    Raises
    ------
    ParameterError
        If it is no whole number, or too small.

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
