"""Training: from corpora to bundles, everything chosen and calibrated on speakers left out."""
