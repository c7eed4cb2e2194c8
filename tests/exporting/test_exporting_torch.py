"""PyTorch modules and state files: in PyTorch where it is installed, and looked at without it."""

from __future__ import annotations

import ast
import importlib.util
import io
import pickletools
import re
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from exporting_samples import BLOBS, FORMULAS, SMALL, VARIANTS, Sample, assert_close, sample

from nncli.errors import UsageError
from nncli.exporting.torch_module import module_and_state, torch_files
from nncli.exporting.torch_state import state_file
from nncli.kernels.activations import ACTIVATIONS


def loaded(made: Sample, folder: Path) -> Any:
    """Return the module of a sample, imported from its file."""
    files = torch_files(made.source, folder / "made.pt")
    for path, content in files.items():
        path.write_bytes(content)
    spec = importlib.util.spec_from_file_location("made", folder / "made.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def assert_same(made: Sample, folder: Path) -> None:
    pytest.importorskip("torch")
    module = loaded(made, folder)
    network = module.load()
    outputs = network(module.encode(made.raw))
    assert_close(outputs.detach().numpy(), made.outputs)
    assert_close(np.array(network.predict(made.raw)), made.decoded)


@pytest.mark.parametrize("variant", VARIANTS)
def test_variants(variant: str, tmp_path: Path) -> None:
    assert_same(sample(**VARIANTS[variant]), tmp_path)


@pytest.mark.parametrize("name", [name for name in ACTIVATIONS.names() if ACTIVATIONS[name].hidden])
def test_every_activation(name: str, tmp_path: Path) -> None:
    assert_same(sample(data=BLOBS, hidden="16,8", act=name), tmp_path)


@pytest.mark.parametrize("formula", FORMULAS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_formulas(formula: str, dtype: str, tmp_path: Path) -> None:
    assert_same(sample(data=SMALL, hidden="8,8", act=formula, dtype=dtype), tmp_path)


def test_a_state_file_holds_any_tensor(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    arrays = {
        "a": np.arange(6, dtype=np.float32).reshape(2, 3),
        "b c": np.array([1.5, np.nan, -np.inf]),
        "count": np.array(70_000, np.int64),
        "large": np.arange(70_000, dtype=np.float32),
        "none": np.zeros((0, 4), np.float32),
        "ü": np.ones((2, 1, 3), np.float64),
    }
    path = tmp_path / "state.pt"
    path.write_bytes(state_file(arrays))
    for settings in ({}, {"mmap": True}):
        found = torch.load(path, weights_only=True, **settings)
        assert list(found) == list(arrays)
        for name, tensor in found.items():
            np.testing.assert_array_equal(tensor.numpy(), arrays[name])
            assert tensor.numpy().dtype == arrays[name].dtype
            assert tensor.is_contiguous()
    torch.save(found, tmp_path / "again.pt")  # and they are tensors like any other


def test_a_state_file_holds_no_code() -> None:
    """Without PyTorch too: the only names in the pickle are those of tensors."""
    content = state_file({"a": np.ones(3, np.float32), "b": np.ones(2)})
    assert content == state_file({"a": np.ones(3, np.float32), "b": np.ones(2)})
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        assert {each.compress_type for each in archive.infolist()} == {zipfile.ZIP_STORED}
        assert archive.read("archive/data/0") == np.ones(3, "<f4").tobytes()
        listed = list(pickletools.genops(archive.read("archive/data.pkl")))
    assert {argument for code, argument, _ in listed if code.name == "GLOBAL"} == {
        "torch._utils _rebuild_tensor_v2",
        "torch FloatStorage",
        "torch DoubleStorage",
        "collections OrderedDict",
    }


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_module_is_plain_source(variant: str) -> None:
    text, state = module_and_state(sample(**VARIANTS[variant]).source, "made", "made.pt")
    tree = ast.parse(text)
    imported = [each for each in ast.walk(tree) if isinstance(each, ast.Import | ast.ImportFrom)]
    names = {getattr(each, "module", None) or each.names[0].name for each in imported}
    assert names <= {"torch", "pathlib", "itertools"}
    assert "nncli" not in re.sub(r'""".*?"""', "", text, flags=re.S)
    assert max(map(len, text.splitlines())) <= 100
    assert {"shift", "scale", "layers.0.weight"} <= set(state)


def test_names_from_data_stay_text() -> None:
    made = sample(data="iris")
    made.source.run.data = '""" + bad() + """\\'
    text, _ = module_and_state(made.source, "made", 'a "quoted" name.pt')
    tree = ast.parse(text)
    assert "bad()" in (ast.get_docstring(tree) or "")
    assert not [each for each in ast.walk(tree) if getattr(each, "id", "") == "bad"]


@pytest.mark.parametrize(
    ("given", "state", "module"),
    [
        ("net.pt", "net.pt", "net.py"),
        ("net.py", "net.pt", "net.py"),
        ("my-net 2.pth", "my-net 2.pth", "my_net_2.py"),
        ("torch.pt", "torch.pt", "network_torch.py"),
        ("json.pt", "json.pt", "network_json.py"),
        ("3.pt", "3.pt", "network_3.py"),
        ("net", "net", "net.py"),
    ],
)
def test_where_the_two_files_go(given: str, state: str, module: str) -> None:
    files = torch_files(sample(data=SMALL).source, Path("folder") / given)
    assert [str(each) for each in files] == [f"folder/{state}", f"folder/{module}"]
    assert f'with_name("{state}")'.encode() in files[Path("folder") / module]


@pytest.mark.parametrize("name", ["torch.py", "my-net.py", "class.py"])
def test_a_module_that_cannot_be_imported(name: str) -> None:
    with pytest.raises(UsageError, match="Python cannot import"):
        torch_files(sample(data=SMALL).source, Path(name))
