"""Phase five, recognition: bundles, the recognizer, and what it answers."""
