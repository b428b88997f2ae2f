"""Voice activity detection: segments of speech, cut from a stream of sound."""

from affetto.preprocessing.vad.segmenter import MAX_SEGMENT_S, SpeechSegment, SpeechSegmenter

__all__ = ["MAX_SEGMENT_S", "SpeechSegment", "SpeechSegmenter"]
