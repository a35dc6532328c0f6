"""Export to ONNX, and the engine that runs an exported model without torch."""
