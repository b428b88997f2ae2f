"""Phase two, pre-processing: noise removal, silence trimming, pre-emphasis and level normalization."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
