"""Phase four, classification: one file for each classifier, which holds its recipe.

Examples
--------
>>> from affetto.classifiers import CLASSIFIERS, find_recipe
>>> CLASSIFIERS
('mlp', 'svm', 'gmm', 'cnn', 'transformer')
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

from affetto.errors import ParameterError

if TYPE_CHECKING:
    from affetto.classifiers.recipe import Recipe

Classifier: TypeAlias = Literal["mlp", "svm", "gmm", "cnn", "transformer"]
CLASSIFIERS: tuple[Classifier, ...] = get_args(Classifier)
"""Every classifier. Each is a module of this package that defines `RECIPE`."""


def find_recipe(classifier: str) -> Recipe:
    """Return the recipe of a classifier.

    Parameters
    ----------
    classifier : str
        One of `CLASSIFIERS`.

    Returns
    -------
    Recipe

    Raises
    ------
    ParameterError
        If there is no classifier of that name.
    """
    if classifier not in CLASSIFIERS:
        raise ParameterError(f"there is no classifier {classifier!r}; choose one of {', '.join(CLASSIFIERS)}")
    recipe: Recipe = import_module(f"affetto.classifiers.{classifier}").RECIPE
    return recipe
