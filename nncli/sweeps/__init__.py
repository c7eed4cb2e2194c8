"""Sweeps: many runs over a space of options, searched by a sampler, on threads or on a cluster."""
