"""Phase five, recognition: the recognizer and its results."""
