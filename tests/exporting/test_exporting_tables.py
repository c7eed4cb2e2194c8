"""Tables from raw cells on: every form against ``nncli predict`` on a file."""

from __future__ import annotations

import csv
import gzip
import importlib.util
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from exporting_pages import json_outputs
from exporting_samples import Sample, assert_close, sample

from nncli.exporting.json_document import json_document
from nncli.exporting.onnx_model import onnx_model
from nncli.exporting.source import Source
from nncli.exporting.torch_module import torch_files
from nncli.inference import Predictor

Cells = list[list[Any]]

#: What a form is used by: (source, raw rows, an empty folder) to outputs (n, outputs), in original
#: units for a regression.
Use = Callable[[Source, Cells, Path], Any]

ROWS = [
    f"{n / 3:.4f},{'abc'[n % 3]},{['yes', 'No', 'YES'][n % 3]},{n * n % 17},{n % 5 - 2.5}"
    for n in range(60)
]
NEW = [
    "1.5,a,yes,3,0",
    ",b,no,4,0",  # a number that was never missing
    "2.5,zebra,YES,5,0",  # a category that training did not see
    "3.5,,n,6,0",
    "-1e6,?,,7,0",
    "4.5,c,true,NA,0",  # a boolean in other words
    "5.5,A,N,,0",  # letters differ in case: another category
    "6.5,a,maybe,0.125,0",  # what is no boolean is false
]
HEADER = "number,text,flag,gaps,y"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Return a table with numbers, categories, booleans and missing values of all of them."""
    rows = [*ROWS, ",,yes,1,0.5", "7,?,NA,,1.5", "8,a,no,,2.5", "9,d,no,3,3.5"]
    path = tmp_path / "train.csv"
    path.write_text("\n".join([HEADER, *rows]) + "\n")
    return path


def use_onnx(source: Source, rows: Cells, folder: Path) -> Any:
    onnxruntime = pytest.importorskip("onnxruntime")
    model = onnx_model(source)
    session = onnxruntime.InferenceSession(model.content)
    if model.inputs == ("x",):
        feeds: dict[str, Any] = {"x": np.array(rows, source.network.dtype)}
    else:
        feeds = {}
        for at, cells in zip(session.get_inputs(), zip(*rows, strict=True), strict=True):
            kind = "U" if at.type == "tensor(string)" else source.network.dtype
            feeds[at.name] = np.array(cells, kind).reshape(-1, 1)
    outputs = session.run(None, feeds)[-1]
    two = source.network.task == "binary" and source.gives_probabilities
    return outputs[:, 1:] if two else outputs


def use_json(source: Source, rows: Cells, folder: Path) -> Any:
    path = folder / "network.json"
    path.write_bytes(json_document(source))
    forward = json_outputs(path)
    # plain Python takes a millisecond for a small network, and seconds for one of pixels
    some = rows[:: max(1, len(rows) // 40)]
    outputs = np.array([forward(_rounded(row, source)) for row in some])
    if source.network.task == "regression":
        preprocessing = source.network.preprocessing
        outputs = outputs * preprocessing.target_scale + preprocessing.target_shift
    return outputs


def _rounded(row: list[Any], source: Source) -> list[Any]:
    """Return a row with its numbers in the network's type, in which nncli keeps them too."""
    kind = np.dtype(source.network.dtype).type
    return [cell if isinstance(cell, str) else float(kind(cell)) for cell in row]


def use_torch(source: Source, rows: Cells, folder: Path) -> Any:
    pytest.importorskip("torch")
    files = torch_files(source, folder / "made.pt")
    for path, content in files.items():
        path.write_bytes(content)
    spec = importlib.util.spec_from_file_location("made", folder / "made.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    network = module.load()
    if source.network.task == "regression":
        return np.array(network.predict(rows))
    return network(module.encode(rows)).detach().numpy()


USES = pytest.mark.parametrize(
    "use", [use_onnx, use_torch, use_json], ids=["onnx", "torch", "json"]
)


def check(made: Sample, path: Path, use: Use, folder: Path, **form: Any) -> None:
    """Compare with what nncli makes of a file; both read it on their own."""
    predictor = Predictor(made.source.network)
    read = predictor.read(path)
    expected = predictor.outputs(read.rows)
    if made.source.network.task == "regression":
        expected = predictor.predict(read.rows)
    rows = cells(made.source, path, **form)
    found = use(made.source, rows, folder)
    if use is use_json:
        expected = expected[:: max(1, len(rows) // 40)]
    assert_close(found, expected)
    assert len(np.unique(expected)) > 3


def cells(source: Source, path: Path, delimiter: str = ",") -> Cells:
    """Return the raw cells of a text file in the order of the network's columns."""
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as stream:
        lines = (line for line in stream if line.strip() and not line.startswith("|"))
        listed = list(csv.reader(lines, delimiter=delimiter, skipinitialspace=True))
    preprocessing = source.network.preprocessing
    columns = preprocessing.inputs
    missing = ("", "?", "NA")
    found = []
    for row in listed[preprocessing.header :]:
        raw = [row[each.position] for each in columns]
        found.append(
            [
                cell
                if column.kind != "numeric"
                else float("nan")
                if cell in missing
                else float(cell)
                for cell, column in zip(raw, columns, strict=True)
            ]
        )
    return found


@USES
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("features", [None, "quadratic"])
def test_missing_values_and_unseen_categories(
    use: Use, dtype: str, features: str | None, table: Path, tmp_path: Path
) -> None:
    made = sample(
        data=str(table),
        target="y",
        task="regression",
        dtype=dtype,
        features=features,
        bn_input=True,
    )
    kinds = [(each.kind, each.indicator) for each in made.source.network.preprocessing.inputs]
    assert kinds == [
        *(("numeric", True), ("categorical", True), ("boolean", True), ("numeric", True)),
    ]
    new = tmp_path / "new.csv"
    new.write_text("\n".join([HEADER, *NEW]) + "\n")
    check(made, table, use, tmp_path)
    check(made, new, use, tmp_path)


@USES
def test_all_numeric_with_gaps(use: Use, table: Path, tmp_path: Path) -> None:
    made = sample(data=str(table), target="y", task="regression", columns="number,gaps")
    new = tmp_path / "new.csv"
    new.write_text("\n".join([HEADER, *NEW]) + "\n")
    check(made, new, use, tmp_path)
    if use is use_onnx:
        assert onnx_model(made.source).inputs == ("x",)


@USES
def test_one_text_column_alone(use: Use, table: Path, tmp_path: Path) -> None:
    made = sample(data=str(table), target="y", task="regression", columns="text", scale="none")
    check(made, table, use, tmp_path)


def test_columns_called_like_outputs_or_nothing(tmp_path: Path) -> None:
    path = tmp_path / "names.csv"
    rows = [f"{n * n % 11}.5,{'ab'[n % 2]},{'uvw'[n % 3]},{n % 7},{n % 5}" for n in range(60)]
    path.write_text("\n".join([",label,probabilities,prediction,y", *rows]) + "\n")
    made = sample(data=str(path), target="y", task="multiclass")
    inputs = onnx_model(made.source).inputs
    assert inputs == ("unnamed", "label 2", "probabilities 2", "prediction")
    check(made, path, use_onnx, tmp_path)
    made = sample(data=str(path), target="y", task="regression")
    inputs = onnx_model(made.source).inputs
    assert inputs == ("unnamed", "label", "probabilities", "prediction 2")
    check(made, path, use_onnx, tmp_path)


#: Files below ``tabular``: to learn from, to predict, and options.
REAL: list[tuple[str, str, dict[str, Any]]] = [
    ("adult.data.gz", "adult.test.gz", {"target": "15"}),
    ("titanic_train.csv.gz", "titanic_train.csv.gz", {"target": "Survived"}),
    ("penguins.csv.gz", "penguins.csv.gz", {"target": "species"}),
    ("mpg.csv.gz", "mpg.csv.gz", {"target": "mpg"}),
    ("california_housing.csv.gz", "california_housing.csv.gz", {"target": "median_house_value"}),
    ("cal_housing.data.gz", "cal_housing.data.gz", {}),
    ("winequality-white.csv.gz", "winequality-white.csv.gz", {"target": "quality"}),
    ("iris.csv.gz", "iris.csv.gz", {"target": "species"}),
]


@USES
@pytest.mark.parametrize(("train", "new", "options"), REAL, ids=[each[0] for each in REAL])
def test_real_tables(
    use: Use, train: str, new: str, options: dict[str, Any], real_data: Path, tmp_path: Path
) -> None:
    folder = real_data / "tabular"
    made = sample(data=str(folder / train), hidden="16", bn="before", **options)
    delimiter = ";" if "wine" in train else ","
    check(made, folder / new, use, tmp_path, delimiter=delimiter)


@pytest.mark.parametrize("name", ["mnist", "fashion-mnist"])
def test_real_pictures(name: str, real_data: Path) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    made = sample(data=str(real_data / name), hidden="32")
    session = onnxruntime.InferenceSession(onnx_model(made.source).content)
    label, probabilities = session.run(None, {"x": made.raw})
    assert_close(probabilities, made.outputs)
    np.testing.assert_array_equal(label, made.decoded)


def test_text_is_compared_as_it_is(table: Path, tmp_path: Path) -> None:
    """Nothing is trimmed: what differs in a blank is another category."""
    made = sample(data=str(table), target="y", task="regression")
    columns = ([1.0], ["a", " a", "a "], ["yes"], [1.0])
    rows = [list(row) for row in itertools.product(*columns)]
    plain, leading, trailing = use_onnx(made.source, rows, tmp_path)
    assert leading == trailing != plain
