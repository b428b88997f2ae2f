"""Decoders of encoded recordings, and the headers that decide between them."""
