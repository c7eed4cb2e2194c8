"""Gradient checks: every derivative of the project against numeric ones, and a report of them."""
