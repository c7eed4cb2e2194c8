"""From what is stored to what is read: rows become summaries, and renderers show summaries.

``read`` asks the store and returns the objects of ``summaries``; ``table``, ``detail``, ``curve``
and ``records`` turn those into text, pictures and JSON values. Nothing here prints or trains.
"""
