"""Scripts that measure and write to ``benchmarks/results``. Run them as ``python -m benchmarks.NAME``."""
