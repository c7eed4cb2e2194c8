"""Groups of runs, compared: what several seeds say together, and what they do not.

Every function here is pure: a :class:`~nncli.tables.Table` of runs or of curves in, a
:class:`Compared` out, which is a table and what must be said beside it. ``groups`` summarizes,
``versus`` compares with a reference, ``targets`` and ``reaching`` tell how soon runs get somewhere,
``profile`` and ``sensitivity`` compare optimizers, and ``diff`` two runs.
"""
