"""Initializers: how the weights of a layer are drawn, and its biases where they are not zero.

``draw(rng, fan_in, fan_out, value)`` takes a ``numpy.random.Generator`` and returns float64
weights (fan_in, fan_out); ``value`` is the initializer's one number, if it has one. Those that draw
each number for itself take a ``shape`` too, which is (fan_out,) for a layer's biases. All numbers
are drawn in float64 for any training type, so that a float32 and a float64 run of one seed start at
the same point.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nncli.kernels.parts import Initializer, Table

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Weights = NDArray[np.float64]
    Generator = np.random.Generator
    Shape = tuple[int, ...] | None

INITIALIZERS: Table[Initializer] = Table("initializer")

#: Deviations beyond which a truncated normal number is drawn again.
TRUNCATED_AT = 2.0


def _normal(rng: Generator, shape: tuple[int, ...], variance: float) -> Weights:
    weights: Weights = rng.standard_normal(shape) * variance**0.5
    return weights


def _uniform(rng: Generator, shape: tuple[int, ...], variance: float) -> Weights:
    limit: float = (3.0 * variance) ** 0.5
    return rng.uniform(-limit, limit, shape)


def constant(
    rng: Generator, fan_in: int, fan_out: int, value: float, shape: Shape = None
) -> Weights:
    """All weights equal: units of a layer stay equal for ever."""
    return _uniform(rng, shape or (fan_in, fan_out), 0.0) + value


def normal(rng: Generator, fan_in: int, fan_out: int, value: float, shape: Shape = None) -> Weights:
    """Small random numbers, ``w ~ N(0, value^2)``: ``value`` is the standard deviation.

    Where a text writes N(0, 0.01) for "a normal distribution of deviation 0.01", as many do, this
    is ``normal:0.01``, the default; with 0.01 as the variance it is ``normal:0.1``.
    """
    return _normal(rng, shape or (fan_in, fan_out), value**2)


def uniform(
    rng: Generator, fan_in: int, fan_out: int, value: float, shape: Shape = None
) -> Weights:
    """Random numbers between ``-value`` and ``value``."""
    return _uniform(rng, shape or (fan_in, fan_out), value**2 / 3.0)


def truncated_normal(
    rng: Generator, fan_in: int, fan_out: int, value: float, shape: Shape = None
) -> Weights:
    """Normal numbers of deviation ``value``, drawn again where they are beyond two deviations.

    What is left has 0.88 of the deviation. ``torch.nn.init.trunc_normal_(std=value, a=-2 value,
    b=2 value)``; ``truncated_normal`` of TensorFlow.
    """
    import numpy as np

    weights = _normal(rng, shape or (fan_in, fan_out), 1.0)
    while len(far := np.flatnonzero(abs(weights) > TRUNCATED_AT)):
        weights.flat[far] = _normal(rng, (len(far),), 1.0)
    return weights * value


def fan_in_uniform(
    rng: Generator, fan_in: int, fan_out: int, value: Any = None, shape: Shape = None
) -> Weights:
    """Uniform numbers with a third of the variance that LeCun's have.

    The "commonly used" one that Glorot & Bengio 2010, eq. 1, compare theirs with; what
    ``torch.nn.Linear`` starts weights and biases with.
    """
    return _uniform(rng, shape or (fan_in, fan_out), 1.0 / (3.0 * fan_in))


def xavier(
    rng: Generator, fan_in: int, fan_out: int, value: Any = None, shape: Shape = None
) -> Weights:
    """Glorot normal: the variance of activations and of gradients are kept in balance.

    Glorot & Bengio 2010, eq. 12; ``torch.nn.init.xavier_normal_``.
    """
    return _normal(rng, shape or (fan_in, fan_out), 2.0 / (fan_in + fan_out))


def xavier_uniform(
    rng: Generator, fan_in: int, fan_out: int, value: Any = None, shape: Shape = None
) -> Weights:
    """Glorot uniform, of the same variance.

    Glorot & Bengio 2010, eq. 16; ``torch.nn.init.xavier_uniform_``.
    """
    return _uniform(rng, shape or (fan_in, fan_out), 2.0 / (fan_in + fan_out))


def he(
    rng: Generator, fan_in: int, fan_out: int, value: Any = None, shape: Shape = None
) -> Weights:
    """He normal: keeps the variance through ReLU, which halves it.

    He et al. 2015, eq. 10; ``torch.nn.init.kaiming_normal_(nonlinearity="relu")``.
    """
    return _normal(rng, shape or (fan_in, fan_out), 2.0 / fan_in)


def he_uniform(
    rng: Generator, fan_in: int, fan_out: int, value: Any = None, shape: Shape = None
) -> Weights:
    """He uniform, of the same variance."""
    return _uniform(rng, shape or (fan_in, fan_out), 2.0 / fan_in)


def lecun(
    rng: Generator, fan_in: int, fan_out: int, value: Any = None, shape: Shape = None
) -> Weights:
    """LeCun normal: weighted sums have the variance of the inputs, as SELU's fixed point asks.

    LeCun et al. 1998, "Efficient BackProp", section 4.6; Klambauer et al. 2017 for SELU.
    """
    return _normal(rng, shape or (fan_in, fan_out), 1.0 / fan_in)


def lecun_uniform(
    rng: Generator, fan_in: int, fan_out: int, value: Any = None, shape: Shape = None
) -> Weights:
    """LeCun uniform, of the same variance."""
    return _uniform(rng, shape or (fan_in, fan_out), 1.0 / fan_in)


def orthogonal(rng: Generator, fan_in: int, fan_out: int, value: Any = None) -> Weights:
    """A random matrix with orthonormal columns or, if it has more columns than rows, rows.

    Saxe, McClelland & Ganguli 2014, with gain 1: Q of a normal matrix A (or of its transpose), A =
    Q R. Columns of Q take the sign of R's diagonal, for Q to be uniform among all such matrices
    (Mezzadri 2007). ``torch.nn.init.orthogonal_``.
    """
    import numpy as np

    drawn = _normal(rng, (fan_in, fan_out), 1.0)
    q, r = np.linalg.qr(drawn if fan_in >= fan_out else drawn.T)
    q *= np.where(np.diag(r) < 0.0, -1.0, 1.0)
    return np.ascontiguousarray(q if fan_in >= fan_out else q.T)


def sparse(rng: Generator, fan_in: int, fan_out: int, value: float) -> Weights:
    """Each unit gets ``value`` incoming weights from N(0, 1), at random inputs, and else zeros.

    Martens 2010, section 5. So a unit's sum varies as much whatever ``fan_in``, and units differ. A
    unit with fewer inputs than ``value`` uses them all. ``torch.nn.init.sparse_`` gives a share of
    zeros instead, and a deviation.
    """
    import numpy as np

    count = min(fan_in, round(value))
    chosen = rng.random((fan_in, fan_out)).argsort(axis=0)[:count]
    weights = np.zeros((fan_in, fan_out))
    weights[chosen, np.arange(fan_out)] = _normal(rng, (count, fan_out), 1.0)
    return weights


def lsuv(rng: Generator, fan_in: int, fan_out: int, value: Any = None) -> Weights:
    """Layer-sequential unit variance: orthogonal weights, which the model then scales by the data.

    Mishkin & Matas 2016, Alg. 1. Layer by layer, the weights are divided by the deviation of the
    layer's weighted sums on a batch. The sums are linear in the weights, so that one division gives
    unit variance and the paper's repetition until it is within 0.1 is not needed.
    """
    return orthogonal(rng, fan_in, fan_out)


_GLOROT = "Glorot & Bengio 2010"
_HE = "He et al. 2015"
_LECUN = "LeCun et al. 1998"
for _entry in (
    Initializer("constant", "w = value", "shows that symmetry is never broken", constant, 0.0),
    Initializer(
        "normal", "w ~ N(0, value^2)", "small random numbers of that deviation", normal, 0.01
    ),
    Initializer(
        "truncated_normal",
        "w ~ N(0, value^2), within 2 value",
        "small random numbers without far ones; TensorFlow's truncated_normal",
        truncated_normal,
        0.01,
    ),
    Initializer("uniform", "w ~ U(-value, value)", "small random numbers", uniform, 0.05),
    Initializer(
        "fan_in_uniform",
        "w ~ U(-l, l), l = 1 / sqrt(n_in)",
        "Glorot & Bengio 2010, eq. 1; torch.nn.Linear, weights and biases",
        fan_in_uniform,
    ),
    Initializer("xavier", "w ~ N(0, 2 / (n_in + n_out))", _GLOROT, xavier),
    Initializer(
        "xavier_uniform", "w ~ U(-l, l), l = sqrt(6 / (n_in + n_out))", _GLOROT, xavier_uniform
    ),
    Initializer("he", "w ~ N(0, 2 / n_in)", _HE, he),
    Initializer("he_uniform", "w ~ U(-l, l), l = sqrt(6 / n_in)", _HE, he_uniform),
    Initializer("lecun", "w ~ N(0, 1 / n_in)", _LECUN, lecun),
    Initializer("lecun_uniform", "w ~ U(-l, l), l = sqrt(3 / n_in)", _LECUN, lecun_uniform),
    Initializer(
        "orthogonal",
        "W^T W = 1 or W W^T = 1, uniform",
        "Saxe et al. 2014, gain 1",
        orthogonal,
        biases=False,
    ),
    Initializer(
        "sparse",
        "value weights of each unit ~ N(0, 1), the others 0",
        "Martens 2010",
        sparse,
        15.0,
        biases=False,
    ),
    Initializer(
        "lsuv",
        "orthogonal W, divided by the deviation of its sums on a batch",
        "Mishkin & Matas 2016",
        lsuv,
        adaptive=True,
        biases=False,
    ),
):
    INITIALIZERS.add(_entry)
