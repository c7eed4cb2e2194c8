"""Text tables read by pandas block by block into columns on disk.

A column is numeric until a cell says otherwise: then the table is read again with that column as
text, so that texts such as ``007`` of the rows before are kept as they stand. The first block
finds nearly all such columns, so reading again costs little. In the files of ``--val`` and
``--test``, and in one to predict, the kinds are given, and such a cell is an error.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nncli.data.blocks import Block, read_blocks
from nncli.data.options import ProgressReport
from nncli.data.sniff import MISSING, Dialect
from nncli.data.writer import NumberSummary, Summary, TableWriter, TextSummary
from nncli.errors import DataError

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class TextPart:
    """A text file and the places in it of the columns to read, from 0."""

    path: Path
    dialect: Dialect
    places: tuple[int, ...]


@dataclass(frozen=True)
class Parsed:
    """What a table is besides its arrays: descriptions of its columns, rows of each file, notes."""

    columns: list[dict[str, Any]]
    rows: list[int]
    notes: list[str]


class _NotNumbers(Exception):
    """Columns taken for numeric hold text: ``first`` gives for each a row, from 0, and its cell."""

    def __init__(self, first: Mapping[int, tuple[int, str]]) -> None:
        super().__init__()
        self.first = first


class _NotUtf8(Exception):
    pass


def parse_text(
    folder: Path,
    parts: Sequence[TextPart],
    names: Sequence[str],
    targets: int,
    dtype: str,
    progress: ProgressReport | None = None,
    kinds: Sequence[str | None] | None = None,
) -> Parsed:
    """Read text files of one form, one after the other, into the arrays of a folder.

    ``names`` are those of the columns read, the last ``targets`` of them targets; each part says
    where in its file they are. ``kinds`` fixes them ("number", "text", None for open); else the
    first part decides. Raises DataError for text in a numeric column of a later part.
    """
    open_kinds = [each is None for each in kinds] if kinds else [True] * len(names)
    found = [each or "number" for each in kinds] if kinds else ["number"] * len(names)
    encoding = "utf-8"
    notes: list[str] = []
    while True:
        columns: list[Summary] = [
            NumberSummary(name, place, dtype, place >= len(names) - targets)
            if found[place] == "number"
            else TextSummary(name, place, place >= len(names) - targets, parts[0].dialect.decimal)
            for place, name in enumerate(names)
        ]
        writer = TableWriter(folder, columns, dtype)
        rows: list[int] = []
        try:
            for part in parts:
                rows.append(_read_part(writer, part, found, encoding, progress))
            return Parsed(writer.finish(), rows, notes)
        except _NotNumbers as wrong:
            writer.discard()
            for place, (row, cell) in wrong.first.items():
                if part is not parts[0] or not open_kinds[place]:
                    raise DataError(
                        f"column '{names[place]}' of '{part.path}' holds the text '{cell}' in row "
                        f"{row + 1}: expected a number, or an empty cell for a missing one"
                    ) from None
                found[place] = "text"
        except _NotUtf8:
            writer.discard()
            if encoding != "utf-8":
                raise DataError(f"'{part.path}' is no text: expected UTF-8") from None
            encoding = "latin-1"
            notes.append(f"'{part.path.name}' is not in UTF-8: it is read as Latin-1")
        except BaseException:
            writer.discard()
            raise


def _read_part(
    writer: TableWriter,
    part: TextPart,
    kinds: Sequence[str],
    encoding: str,
    progress: ProgressReport | None,
) -> int:
    rows = 0
    for block in read_blocks(part.path, part.dialect):
        frame = _frame(block, part, kinds, encoding)
        cells: list[Any] = []
        first: dict[int, tuple[int, str]] = {}
        for place, kind in enumerate(kinds):
            series = frame[part.places[place]]
            if kind == "text":
                cells.append(_codes(series))
                continue
            values, wrong = _numbers(series, part.dialect.decimal)
            cells.append(values)
            if wrong is not None:
                first[place] = rows + wrong, str(series.iloc[wrong]).strip()
        if first:
            raise _NotNumbers(first)
        writer.append(cells, part.path, rows)
        rows += len(frame)
        if progress is not None:
            progress(f"reading {part.path.name}", block.done)
    return rows


def _frame(block: Block, part: TextPart, kinds: Sequence[str], encoding: str) -> pd.DataFrame:
    """Return a block as a data frame whose columns are named by their place in the file."""
    import pandas as pd

    dialect = part.dialect
    texts = {place: str for place, kind in zip(part.places, kinds, strict=True) if kind == "text"}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", pd.errors.ParserWarning)
            return pd.read_csv(
                io.BytesIO(block.data),
                sep=dialect.delimiter,
                header=None,
                names=range(dialect.width),
                usecols=sorted(part.places),
                index_col=False,
                dtype=texts,
                na_values=list(MISSING),
                keep_default_na=False,
                skipinitialspace=True,
                low_memory=False,
                decimal=dialect.decimal,
                encoding=encoding,
                engine="c",
            )
    except UnicodeDecodeError:
        raise _NotUtf8 from None
    except pd.errors.ParserError as error:
        raise DataError(
            f"'{part.path}' cannot be read from line {block.line} on: {error}"
        ) from None


#: Writes a number with a decimal comma as Python does, and one with a point so that it is none.
_COMMA_TO_POINT = str.maketrans(",.", ".,")


def _numbers(series: pd.Series[Any], decimal: str) -> tuple[NDArray[np.float64], int | None]:
    """Return a column as float64 (m,), and the place of its first cell that is no number.

    One cell that pandas does not know as a number or as missing makes texts of a block's cells:
    ``NA`` before a blank, say, or a word that is to be named.
    """
    import pandas as pd

    if pd.api.types.is_numeric_dtype(series) and not pd.api.types.is_bool_dtype(series):
        return series.to_numpy(np.float64), None
    cells = series.astype(object).map(lambda each: each.strip() if isinstance(each, str) else each)
    absent = (cells.isna() | cells.isin(list(MISSING))).to_numpy(bool)
    is_text = np.array([isinstance(each, (str, bool)) for each in cells])
    if decimal == ",":
        cells = cells.map(lambda e: e.translate(_COMMA_TO_POINT) if isinstance(e, str) else e)
    values: NDArray[np.float64] = np.full(len(cells), np.nan)
    numbers = pd.to_numeric(
        cells.where(~cells.map(lambda each: isinstance(each, bool))), errors="coerce"
    )
    values[:] = numbers.to_numpy(np.float64, na_value=np.nan)
    wrong = np.flatnonzero(np.isnan(values) & ~absent & is_text)
    return values, int(wrong[0]) if len(wrong) else None


def _codes(series: pd.Series[Any]) -> tuple[NDArray[np.intp], list[Any]]:
    """Return a column as codes (m,) into its different texts, -1 for missing."""
    import pandas as pd

    codes, texts = pd.factorize(series, use_na_sentinel=True)
    return codes, list(texts)
