"""A small experiment: what its file holds."""

from __future__ import annotations

from collections.abc import Callable

#: Exclusive or with and without a hidden layer; ten seeds decide it, three do not.
XOR = """
data = "xor"
opt = "momentum"
lr = 0.2
batch_size = "full"
epochs = 200

[[arm]]
hidden = "none"
[[arm]]
hidden = [[8]]
act = "tanh"

[sweep]
seeds = 10

[quick]
seeds = 3
epochs = 20

[experiment]
title = "XOR needs a hidden layer"
shows = ["M1"]
by = ["hidden"]
metric = "train_loss"
text = "A *line* does not do."

[[claim]]
says = "A hidden layer learns XOR better"
value = "train_loss:last"
runs = "hidden=8"
below = "hidden=none"
"""

SMALL = (
    XOR
    + """
[[claim]]
says = "A line solves it"
value = "train_error:min"
runs = "hidden=none"
below = 0.1
expected = "refuted"
because = "no line parts the corners of a square crosswise"
"""
)

Shipped = Callable[[dict[str, str]], None]
