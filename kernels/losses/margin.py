"""Losses of the margin between the classes: the perceptron's criterion and the hinge."""
