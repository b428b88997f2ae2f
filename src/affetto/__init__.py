"""Affetto recognizes the emotion that speech expresses.

The names of this package are listed in ``__init__.pyi`` and are imported when they are first used.
"""

import os

import lazy_loader

# ONNX Runtime 1.29 and later send telemetry unless this variable is set before the first import. Other libraries
# import ONNX Runtime, too, so it is set here. A value that the user has set is kept.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

__version__ = "0.2.0"

__getattr__, _, __all__ = lazy_loader.attach_stub(__name__, __file__)
__all__ += ["__version__"]


def __dir__() -> list[str]:
    return __all__
