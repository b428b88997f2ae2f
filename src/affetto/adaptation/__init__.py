"""Adaptation to recordings: what is constant in them is learned without labels, and no longer counts as emotion."""
