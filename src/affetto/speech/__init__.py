"""Phase one, speech: recordings of every kind become waveforms."""

from affetto.speech.reading import Source, TruncatedAudioWarning, read, read_with_remarks, source_name
from affetto.speech.waveform import Waveform

__all__ = ["Source", "TruncatedAudioWarning", "Waveform", "read", "read_with_remarks", "source_name"]
