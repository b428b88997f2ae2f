"""Acoustic measures of segments: F0, loudness, articulation rate, pauses, spectral centroid."""
