"""``python -m nncli.cli`` does what the program ``nncli`` does."""

from __future__ import annotations

from nncli.cli import main

if __name__ == "__main__":
    main()
