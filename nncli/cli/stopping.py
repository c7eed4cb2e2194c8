"""Ctrl-C, SIGTERM or a closed terminal: the first asks a run to stop, a second ends the process."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any

#: SIGHUP, which a closed terminal sends, is unknown on Windows.
SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)


#: What is said when a run has heard that it is to stop.
STORING = "stopping and storing the run; once more to abort"


class StopRequest:
    """While it is entered, a first signal sets it and a second raises ``KeyboardInterrupt``.

    It is called to ask whether to stop, and then shows by ``tell`` that it was heard: printing
    inside a signal handler could meet a print that is going on. In a thread other than the main
    one, where Python takes no handlers, it stays unset.
    """

    def __init__(self, tell: Callable[[str], object], text: str = STORING) -> None:
        self._tell, self._text = tell, text
        self._asked = self._told = False
        self._former: dict[signal.Signals, Any] = {}

    def __call__(self) -> bool:
        if self._asked and not self._told:
            self._told = True
            self._tell(self._text)
        return self._asked

    def check(self) -> None:
        """Raise ``KeyboardInterrupt`` if a signal has come.

        For work that has nothing to store: an exception that a signal raised while machine code is
        loaded would be lost in the loader's callback.
        """
        if self._asked:
            self._restore()
            raise KeyboardInterrupt

    def __enter__(self) -> StopRequest:
        if threading.current_thread() is threading.main_thread():
            self._former = {each: signal.signal(each, self._receive) for each in SIGNALS}
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._restore()

    def _receive(self, received: int, frame: FrameType | None) -> None:
        if self._asked:
            self._restore()
            raise KeyboardInterrupt
        self._asked = True

    def _restore(self) -> None:
        for each, former in self._former.items():
            signal.signal(each, former)
        self._former = {}
