"""Scripts that publish what `benchmarks` measured, and that make what ships. Run them as ``python -m tools.NAME``."""
