"""Writing fitted pipelines as ONNX models."""
