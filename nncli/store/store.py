"""RunStore: the one way into the experiment database. All sessions are inside it.

The contract, whatever the database behind it:

- Nothing is opened or made before the first call that needs it, and reading never makes a file.
- Every writing method is one transaction: all of it is stored, or nothing. ``transaction()`` joins
  several into one.
- A run belongs to the process that created or reopened it. Only that process can write to it;
  should another have taken it over meanwhile, the write is refused and nothing is changed.
- What ``save`` stores belongs together: after a kill, the model ``last`` and the curve up to its
  epoch are there. Rows after it may be there too, and ``reopen_run`` drops them.
- A run whose process is gone is given as ``stale``, and is marked so by the next process that
  writes. On the same machine the process is looked for, by number and start; for a run on another
  one the heartbeat decides, after five minutes.
- Whatever fails is a ``StoreError`` that says what was found, what was expected and what to do.

A store may be used by several threads; a forked child opens connections of its own.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from numpy.typing import ArrayLike
from sqlalchemy import Connection, delete

from nncli.errors import StoreError
from nncli.store import contents, gradchecks, queries, references, rows
from nncli.store.curve import Curve, LayerStats
from nncli.store.failures import MissingDatabase
from nncli.store.nonfinite import RUN_FLAGGED, to_cells
from nncli.store.prepared import insertion
from nncli.store.records import (
    CHECKED,
    ENDED,
    WHOLE,
    Checkpoint,
    Gradcheck,
    NewGradcheck,
    NewRun,
    Run,
    RunRow,
    Summary,
    clean,
)
from nncli.store.schema import runs, tags
from nncli.store.sessions import Sessions


class RunStore(Sessions):
    """The runs and gradient checks in one database: a path of an SQLite file, or a URL."""

    # Writing

    def create_run(self, new: NewRun) -> int:
        """Store a run as ``running`` in this process, and return its id."""
        row = rows.of_new_run(new, self._who(), self._now())
        with self._writing() as connection:
            return _insert_run(connection, row, new.tags)

    def add_run(
        self,
        new: NewRun,
        status: str,
        epochs: Curve | Mapping[str, ArrayLike] | None = None,
        *,
        layers: LayerStats | Mapping[str, ArrayLike] | None = None,
        last: Checkpoint | None = None,
        best: Checkpoint | None = None,
        summary: Summary | None = None,
        error: str | None = None,
        started: str | None = None,
    ) -> tuple[int, str]:
        """Store a run that has begun and ended, and return its id and uuid.

        What ``create_run`` and ``finish_run`` do together, with one insertion into ``runs``.
        """
        _check_ending(status)
        now = self._now()
        curve = Curve.of(epochs) if isinstance(epochs, Mapping) else epochs
        stats = LayerStats.of(layers) if isinstance(layers, Mapping) else layers
        row = rows.of_new_run(new, self._who(), now, started) | rows.of_results(curve, summary)
        row |= {"status": status, "finished": now, "error": clean(error)}
        cells, flags, _ = to_cells(row, RUN_FLAGGED)
        with self._writing() as connection:
            run_id = _insert_run(connection, {**cells, "flags": flags}, new.tags)
            for columns in (curve, stats):
                if columns:
                    contents.append(connection, run_id, columns)
            models = {"last": last, "best": best}
            contents.put_models(connection, run_id, models, now, replace=False)
        return run_id, row["uuid"]

    def write_epochs(self, run_id: int, epochs: Curve | Mapping[str, ArrayLike]) -> None:
        """Append curve rows; the values of the last go into the run's row too."""
        self.save(run_id, epochs)

    def save_model(self, run_id: int, kind: str, model: Checkpoint) -> None:
        """Store a model, ``last`` or ``best``, in the place of the former one."""
        if kind not in ("last", "best"):
            raise ValueError(f"unknown kind of model '{kind}': expected last or best")
        models = {kind: model}
        self.save(run_id, last=models.get("last"), best=models.get("best"))

    def save(
        self,
        run_id: int,
        epochs: Curve | Mapping[str, ArrayLike] | None = None,
        *,
        layers: LayerStats | Mapping[str, ArrayLike] | None = None,
        last: Checkpoint | None = None,
        best: Checkpoint | None = None,
        summary: Summary | None = None,
    ) -> None:
        """Append curve rows and layer statistics, replace models and update results and heartbeat.

        All or nothing. Save ``last`` together with the rows up to its epoch, so that the run can be
        resumed.
        """
        models = {"last": last, "best": best}
        with self._writing() as connection:
            self._save(connection, run_id, epochs, layers, models, summary, {"status": "running"})

    def heartbeat(self, run_id: int) -> None:
        """Say that the run goes on; needed every minute or two if nothing else is written."""
        self.save(run_id)

    def finish_run(
        self,
        run_id: int,
        status: str,
        epochs: Curve | Mapping[str, ArrayLike] | None = None,
        *,
        layers: LayerStats | Mapping[str, ArrayLike] | None = None,
        last: Checkpoint | None = None,
        best: Checkpoint | None = None,
        summary: Summary | None = None,
        error: str | None = None,
    ) -> None:
        """End a run with one of the statuses ``ENDED``, saving what is given as ``save`` does."""
        _check_ending(status)
        ending = {"status": status, "finished": self._now(), "error": clean(error)}
        models = {"last": last, "best": best}
        with self._writing() as connection:
            self._save(connection, run_id, epochs, layers, models, summary, ending)

    def reopen_run(
        self,
        run_id: int,
        *,
        epochs_planned: int | None = None,
        spec: str | None = None,
        spec_hash: str | None = None,
        data_hash: str | None = None,
        task: str | None = None,
        parameters: int | None = None,
    ) -> Checkpoint | None:
        """Make a run ``running`` in this process again, as it was at its model ``last``.

        Returns that model, None if there is none: the run begins again then. Curve rows, layer
        statistics and models after it are dropped. What is given replaces what is stored. Raises
        ``StoreError`` while another process trains the run.
        """
        with self._writing() as connection:
            run = self._load(connection, run_id)
            if run.status == "running":
                raise StoreError(
                    f"run {run_id} is being trained by process {run.pid} on {run.host} (last sign "
                    f"of life {run.heartbeat}): wait for it or stop it, then resume"
                )
            checkpoint = contents.load_model(connection, run_id, "last")
            epoch = checkpoint.epoch if checkpoint else 0
            contents.cut_after(connection, run_id, epoch)
            now = self._now()
            values: dict[str, Any] = {
                "status": "running",
                "started": now,
                "heartbeat": now,
                "finished": None,
                "error": None,
                **rows.of_process(self._who()),
                **self._at(connection, run_id, epoch),
            }
            given = {
                "epochs_planned": epochs_planned,
                "spec": spec,
                "spec_hash": spec_hash,
                "data_hash": data_hash,
                "task": task,
                "parameters": parameters,
            }
            values |= {name: value for name, value in given.items() if value is not None}
            values |= {name: None for name in rows.RESULTS if name.startswith("test_")}
            if run.best_epoch is not None and run.best_epoch > epoch:
                values |= {name: None for name in rows.RESULTS if name.startswith("best_")}
            queries.update_run(connection, run_id, values)
        return checkpoint

    def set_tags(self, run_id: int, new: Collection[str]) -> None:
        """Replace the tags of a run, whoever trains it."""
        with self._writing() as connection:
            self._load(connection, run_id)
            connection.execute(delete(tags).where(tags.c.run_id == run_id))
            _add_tags(connection, run_id, new)

    def add_gradcheck(self, new: NewGradcheck) -> int:
        """Store the outcome of a gradient check, and return its id.

        Raises ``StoreError`` if it names a run that is not there.
        """
        if new.what not in CHECKED:
            raise ValueError(f"'{new.what}' is not checked: expected one of {', '.join(CHECKED)}")
        with self._writing() as connection:
            if new.run_id is not None:
                self._load(connection, new.run_id)
            return gradchecks.add(connection, new, self._now(), self._who().host)

    # Reading

    def find_run(self, reference: str | int) -> Run:
        """Return the run that an id, ``last``, a name or the start of a uuid (4 characters) means.

        Raises ``StoreError`` for an unknown one, naming the latest, and for one of several runs.
        """
        with self._reading() as connection:
            run_id = references.resolve(connection, runs, str(reference), self.shown)
            return self._load(connection, run_id)

    def get_run(self, run_id: int) -> Run:
        """Return a run by id. Raises ``StoreError`` if there is none."""
        with self._reading() as connection:
            return self._load(connection, run_id)

    def list_runs(
        self,
        limit: int | None = 20,
        *,
        status: str | None = None,
        tag: str | None = None,
        sweep_id: int | None = None,
    ) -> list[RunRow]:
        """Return the latest runs, newest first."""
        with self._reading() as connection:
            return queries.list_runs(
                connection,
                self._clock(),
                limit=limit,
                status=status,
                tag=tag,
                sweep_id=sweep_id,
            )

    def find_completed(
        self,
        spec_hash: str,
        data_hash: str,
        statuses: Collection[str] = WHOLE,
        *,
        watched: bool = False,
    ) -> int | None:
        """Return the newest run of this spec on this data that ended so, None if there is none.

        With ``watched`` it must have statistics of its layers. A missing database has no run.
        """
        try:
            with self._reading() as connection:
                return queries.newest_of_spec(connection, spec_hash, data_hash, statuses, watched)
        except MissingDatabase:
            return None

    def curve(self, run_id: int) -> Curve:
        """Return a run's curve, in the order of its epochs; without rows if none are stored."""
        with self._reading() as connection:
            return contents.load(connection, run_id, Curve)

    def layer_stats(self, run_id: int) -> LayerStats:
        """Return a run's layer statistics by epoch and layer; without rows if none are stored."""
        with self._reading() as connection:
            return contents.load(connection, run_id, LayerStats)

    def load_model(self, run_id: int, kind: str = "last") -> Checkpoint:
        """Return a stored model. Raises ``StoreError`` if the run has none of that kind."""
        with self._reading() as connection:
            model = contents.load_model(connection, run_id, kind)
            if model is not None:
                return model
            kept = contents.kinds_of_models(connection, run_id)
            raise StoreError(
                f"run {run_id} has no model '{kind}': it keeps {' and '.join(kept) or 'none'}; "
                "train it with --save last or --save best"
            )

    def gradcheck(self, gradcheck_id: int) -> Gradcheck:
        """Return a gradient check by id. Raises ``StoreError`` if there is none."""
        with self._reading() as connection:
            found = gradchecks.load(connection, gradcheck_id)
            if found is None:
                raise StoreError(
                    f"no gradient check {gradcheck_id} in {self.shown}: expected the id that "
                    "nncli gradcheck told when it stored one"
                )
            return found

    def gradchecks(self, limit: int | None = 20) -> list[Gradcheck]:
        """Return the latest gradient checks, newest first."""
        with self._reading() as connection:
            return gradchecks.latest(connection, limit)

    # Parts

    def _save(
        self,
        connection: Connection,
        run_id: int,
        epochs: Curve | Mapping[str, ArrayLike] | None,
        layers: LayerStats | Mapping[str, ArrayLike] | None,
        models: Mapping[str, Checkpoint | None],
        summary: Summary | None,
        values: dict[str, Any],
    ) -> None:
        now = self._now()
        values["heartbeat"] = now
        curve = Curve.of(epochs) if isinstance(epochs, Mapping) else epochs
        stats = LayerStats.of(layers) if isinstance(layers, Mapping) else layers
        values |= rows.of_results(curve, summary)
        queries.update_owned(connection, run_id, self._who(), values)
        for columns in (curve, stats):
            if columns:
                contents.append(connection, run_id, columns)
        contents.put_models(connection, run_id, models, now)

    def _at(self, connection: Connection, run_id: int, epoch: int) -> dict[str, Any]:
        """The columns of ``runs`` that follow the curve, as they were after ``epoch``."""
        curve = contents.load(connection, run_id, Curve)
        return rows.of_last_row(curve) if len(curve) else rows.before_first_row(epoch)

    def _load(self, connection: Connection, run_id: int) -> Run:
        run = queries.load_run(connection, run_id, self._clock())
        if run is None:
            raise StoreError(f"no run {run_id} in {self.shown}: nncli report lists what is there")
        return run


def _check_ending(status: str) -> None:
    if status not in ENDED:
        raise ValueError(f"a run cannot end as '{status}': expected one of {', '.join(ENDED)}")


def _insert_run(connection: Connection, row: dict[str, Any], labels: Collection[str]) -> int:
    run_id = insertion(runs, connection.dialect, "RETURNING id").run_for_key(connection, row)
    _add_tags(connection, run_id, labels)
    return run_id


def _add_tags(connection: Connection, run_id: int, new: Collection[str]) -> None:
    cells = [{"run_id": run_id, "tag": tag} for tag in sorted({clean(tag) for tag in new})]
    insertion(tags, connection.dialect).run_all(connection, cells)
