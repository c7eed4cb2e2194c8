"""Statistics of samples: numbers in, numbers out; no runs, no tables, no words but of the tests.

``intervals`` holds bootstrap intervals of means, ``resampling`` what they draw, ``paired`` the
tests of paired differences, ``multiplicity`` the correction for many of them, ``means`` and
``shares`` hold a few values against a number, ``trends`` are rank correlations, and ``profiles``
the performance profiles of solvers over problems. NumPy is imported with the modules;
``scipy.stats``, which alone takes longer to import than all else, inside the tests that need it.
"""
