"""Where somebody speaks: segments of speech, cut out of sound while it arrives."""

from affetto.preprocessing.vad.segmenter import MAX_SEGMENT_S, SpeechSegment, SpeechSegmenter

__all__ = ["MAX_SEGMENT_S", "SpeechSegment", "SpeechSegmenter"]
