"""Pictures of characters: what tables of runs and arrays of networks look like in a terminal.

A module a picture: ``curves``, ``heat``, ``parallel``, ``layers``, ``boundary``, ``confusion`` and
``predictions``. Each function returns lines of at most ``width`` columns. ``colored`` says whether
they may hold colours, ``unicode`` whether they may hold other characters than ASCII. What is no
number is counted in words, not drawn; strings of other people are shown, never obeyed. plotext is
loaded by what draws with it, and what figures on paper share with pictures stands apart: ``lines``,
``grid``, ``views``.
"""
