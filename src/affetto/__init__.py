"""Affetto."""
