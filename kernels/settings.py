"""Where each setting of a loss stands in the vector that loss kernels receive.

``settings`` has the type of the network, (2 + classes,).
"""

from __future__ import annotations

VALUE = 0  #: the loss's one number, such as Huber's delta
SMOOTHING = 1  #: share of a class target that is spread evenly over all classes
WEIGHTS = 2  #: weight of class j at WEIGHTS + j; of a binary target's 0 and 1 at WEIGHTS, + 1
