"""How a voice sounds, measured: F0, loudness, articulation rate, pauses, spectral centroid."""
