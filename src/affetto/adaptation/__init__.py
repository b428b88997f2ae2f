"""Adaptation to speaker, room and line, learned from recordings without labels."""
