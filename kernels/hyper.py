"""Where each hyper-parameter of an update stands in the vector that optimizers receive.

``hyper`` is a float64 vector. The loop sets ``RATE``, ``STEP`` and the three ``MU``
before each update; the rest is fixed for a run.
"""

from __future__ import annotations

RATE = 0  #: learning rate of this update, after schedule and warm-up
STEP = 1  #: number of this update, from 1
MOMENTUM = 2
RHO = 3
BETA1 = 4
BETA2 = 5
EPS = 6
EPS_INSIDE = 7  #: 1 where eps stands inside the square root, else 0
BIAS_CORRECTION = 8  #: one of the codes below
WEIGHT_DECAY = 9
L1 = 10
CLIP_NORM = 11  #: largest norm of the gradient, or 0 for any
MOMENTUM_DECAY = 12  #: nadam: how fast its momentum rises to beta1; below 0 for all others
MU = 13  #: nadam's momentum of this update, which the loop sets, like the next two
MU_NEXT = 14  #: of the next update
MU_PRODUCT = 15  #: of all updates up to this one
DECOUPLED = 16  #: 1 where weight decay shrinks the weights beside the gradient's step
SIZE = 17

#: Adam's correction by ``1 - beta^t`` (Kingma & Ba 2015, Alg. 1), by ``1 - beta``, or none.
BIAS_CORRECTIONS = {"standard": 0.0, "constant": 1.0, "none": 2.0}
STANDARD, CONSTANT = 0.0, 1.0
