"""Smooth relatives of ReLU: GELU, SiLU, softplus."""
