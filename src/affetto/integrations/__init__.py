"""Emotion recognition inside frameworks for voice agents: one module for each framework, and one extra."""
