"""Classifiers: from features, or sequences of frames, to probabilities."""
