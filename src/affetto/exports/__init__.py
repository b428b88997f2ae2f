"""Results as files and displays: tables, subtitles, labels, timelines, pictures.

Importing this package is cheap: rich, matplotlib and pandas are imported by the functions that need them.
"""

from affetto.exports.formats import FORMATS, Format, find_format, write
from affetto.exports.picture import plot

__all__ = ["FORMATS", "Format", "find_format", "plot", "write"]
