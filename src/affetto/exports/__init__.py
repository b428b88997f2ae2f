"""Everything that a recognition is written or shown as: tables, subtitles, labels, timelines, pictures.

Cheap to import: rich, matplotlib and pandas are loaded by the functions that need them.
"""

from affetto.exports.formats import FORMATS, Format, find_format, write
from affetto.exports.picture import plot

__all__ = ["FORMATS", "Format", "find_format", "plot", "write"]
