"""A report as one web page: a table of runs, curves, groups and what else was asked for.

``page(PageData)`` gives one HTML text that needs nothing else: no file, no server, no network.
Data goes in as JSON (``packing``, ``curves``, ``embedding``), and a small program of our own, in
``parts``, shows it. Texts of data and specs are only ever put in as text.
"""

from nncli.report.page.data import Experiment, PageData, Section
from nncli.report.page.document import page

__all__ = ["Experiment", "PageData", "Section", "page"]
