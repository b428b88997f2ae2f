"""Phase one, speech: recordings of every kind become waveforms."""

from affetto.speech.chunks import resampled_chunks
from affetto.speech.reading import TruncatedAudioWarning, read, read_with_remarks
from affetto.speech.sources import Source, source_name
from affetto.speech.streaming import Channels, SoundStream, open_stream
from affetto.speech.waveform import Waveform

__all__ = [
    "Channels",
    "SoundStream",
    "Source",
    "TruncatedAudioWarning",
    "Waveform",
    "open_stream",
    "read",
    "read_with_remarks",
    "resampled_chunks",
    "source_name",
]
