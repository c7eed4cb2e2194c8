"""The commands, one file each, imported when they are used.

A module here defines ``app``, a Typer application of one command or of a group of commands, and has
a line in ``nncli.cli.app.COMMANDS``.
"""
