"""The report as a live page, served on this machine to this machine.

``feed`` tells what is new in the store, ``app`` answers the browser, ``guarding`` refuses whoever
else asks, and ``server`` runs all that until Ctrl-C. Everything only reads. Starlette and uvicorn
come with ``pip install 'nncli[serve]'``.
"""
