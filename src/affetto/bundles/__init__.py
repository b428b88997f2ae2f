"""Models as they are stored: a manifest, an ONNX file, a card."""
