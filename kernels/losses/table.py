"""The table of losses, which the modules beside this one fill."""

from __future__ import annotations

from nncli.kernels.parts import Loss, Table

LOSSES: Table[Loss] = Table("loss")

#: Output activations, by task, of a loss that takes any.
ANY_OUTPUT = {
    "regression": ("identity", "sigmoid", "tanh", "relu"),
    "binary": ("sigmoid", "identity", "tanh"),
    "multiclass": ("softmax", "sigmoid", "identity", "tanh"),
    "multilabel": ("sigmoid", "identity", "tanh"),
}
