"""When a network is complained of. Tests hold forty healthy and sick networks against these."""

from __future__ import annotations

#: Similarity of two units that are equal but for rounding. It falls short of 1 by half the square
#: of their relative distance: a rounding of float32, 1e-7, is seen as 1e-14, and units that were
#: drawn at random come this close with a chance of less than one in a million pairs.
SYMMETRIC = 1 - 1e-10

#: Share of dead units. Healthy ReLU networks have up to a third of them after some epochs.
DEAD = 0.5

#: Learning rates so many times the optimizer's default are the first suspect of dead units.
FAST = 10.0

#: Share of saturated activations. A network that has learned its rows saturates too, as it should:
#: without the second condition, a last loss above ``LEARNED`` of the first or saturation from the
#: first epoch on, every solved XOR would be complained of.
SATURATED = 0.5
LEARNED = 0.1

#: Deviation of the last hidden layer's activations by the first one's, in the first epoch. Suitable
#: initializers keep it near 1; six healthy ReLU layers come to 3.
GROWTH = 10.0

#: Deviation of a hidden layer's activations in the first epoch. Inputs have a deviation of 1 and
#: healthy layers of 0.1 and more, those of sigmoid the least.
FLAT = 0.01

#: Root mean square of the gradient in the first layer by that in the last, in the first or the last
#: epoch. Two healthy sigmoid layers come to 0.03, and each layer more divides it by about five.
VANISHED = 1e-3

#: Norm of a layer's gradient. On scaled data healthy networks stay under 20.
EXPLODED = 100.0

#: Ratio of update and weights. Healthy ones go from 1e-2 down to 1e-4 as a run goes on.
LARGE_UPDATE = 0.1
SMALL_UPDATE = 1e-5
#: The loss does not fall if the last one is above this share of the first.
STANDS = 0.9

#: Mean change of the loss from an epoch to the next in the second half of the run, by the first
#: loss, and share of changes for the worse. The noise of mini-batches stays under 0.005.
OSCILLATION = 0.02
RISES = 0.3

#: Logged epochs from which on loss and updates are judged: before, any network may be on its way.
EPOCHS_OF_UPDATES = 5
EPOCHS_OF_LOSS = 10
