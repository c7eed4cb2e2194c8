"""From what is stored to what is read: tables and summaries become text, files, pictures and pages.

A list of runs is a :class:`~nncli.tables.Table` that the store finds: ``columns`` chooses what is
worth showing of it, ``compare`` computes, ``grid`` draws it in plain text and ``formats`` writes it
otherwise. One run in full is a summary that ``read`` makes and ``detail`` shows. ``pictures`` draws
in the terminal, ``figures`` on paper and ``page`` on a web page. Nothing here prints or trains.
"""
