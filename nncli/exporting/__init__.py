"""Networks for other programs: a stored run as ONNX, safetensors, PyTorch or JSON.

What leaves here needs nothing of nncli to be used, and does what ``nncli predict`` does from raw
values on: :mod:`~nncli.exporting.source` finds the network, a module a format writes it, and
:mod:`~nncli.exporting.export` joins them. Activations, also those that are formulas, go into every
format as trees of elementary operations (:mod:`~nncli.exporting.trees`), declared once.
"""
