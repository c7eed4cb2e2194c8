"""The built-in data sets by name, and the parameters that the generated ones take.

Nothing here needs NumPy: the command line names them in its help and completes them.
"""

from __future__ import annotations

#: What each built-in data set is, in one line.
BUILTINS: dict[str, str] = {
    "digits": "1,797 handwritten digits of 8x8 pixels, 10 classes",
    "iris": "150 flowers by 4 measurements, 3 classes",
    "mnist": "70,000 handwritten digits of 28x28 pixels, 10 classes (downloaded once)",
    "fashion-mnist": "70,000 pictures of clothes of 28x28 pixels, 10 classes (downloaded once)",
    "xor": "the four points of exclusive or; with n=200,noise=0.1 clouds around them",
    "moons": "two half circles that reach into each other, binary",
    "circles": "a circle within a circle, binary",
    "spiral": "arms of a spiral, 3 classes",
    "blobs": "normal clouds around a ring, 3 classes",
    "linear": "regression: a linear function with noise",
    "sine": "regression: a sine with noise",
}

#: Parameters of the generated data sets with their defaults: ``moons:n=500,noise=0.2,seed=1``.
PARAMETERS: dict[str, dict[str, int | float]] = {
    "xor": {"n": 4, "noise": 0.0, "seed": 0},
    "moons": {"n": 1000, "noise": 0.1, "seed": 0},
    "circles": {"n": 1000, "noise": 0.05, "factor": 0.5, "seed": 0},
    "spiral": {"n": 1000, "noise": 0.03, "classes": 3, "turns": 1.0, "seed": 0},
    "blobs": {"n": 1000, "noise": 1.0, "classes": 3, "seed": 0},
    "linear": {"n": 1000, "noise": 0.1, "inputs": 5, "seed": 0},
    "sine": {"n": 1000, "noise": 0.1, "seed": 0},
}


def data_names() -> list[str]:
    """Return the names of the built-in data sets."""
    return list(BUILTINS)
