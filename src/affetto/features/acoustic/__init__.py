"""Acoustic features with names, of NumPy and librosa."""
