"""Front ends of the networks, as PyTorch modules."""
