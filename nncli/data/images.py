"""MNIST and Fashion-MNIST: found in a folder of the user's, else downloaded once and checked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from nncli.data.fetching import Remote, by_hand, data_folder, fetch
from nncli.data.idx import find_parts, load_idx
from nncli.data.options import ProgressReport
from nncli.data.source import Source
from nncli.errors import DataError


@dataclass(frozen=True)
class ImageSet:
    """Where a published set of pictures is, and the SHA-256 of its files."""

    title: str
    address: str
    files: dict[str, str]
    class_names: tuple[str, ...]


IMAGE_SETS = {
    "mnist": ImageSet(
        "MNIST",
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        {
            "train-images-idx3-ubyte.gz": (
                "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"
            ),
            "train-labels-idx1-ubyte.gz": (
                "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"
            ),
            "t10k-images-idx3-ubyte.gz": (
                "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"
            ),
            "t10k-labels-idx1-ubyte.gz": (
                "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"
            ),
        },
        tuple("0123456789"),
    ),
    "fashion-mnist": ImageSet(
        "Fashion-MNIST",
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        {
            "train-images-idx3-ubyte.gz": (
                "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"
            ),
            "train-labels-idx1-ubyte.gz": (
                "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"
            ),
            "t10k-images-idx3-ubyte.gz": (
                "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"
            ),
            "t10k-labels-idx1-ubyte.gz": (
                "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"
            ),
        },
        (
            "T-shirt/top",
            "Trouser",
            "Pullover",
            "Dress",
            "Coat",
            "Sandal",
            "Shirt",
            "Sneaker",
            "Bag",
            "Ankle boot",
        ),
    ),
}


def load_images(name: str, progress: ProgressReport | None) -> Source:
    """Return a set of pictures; its official test part is the test split."""
    known = IMAGE_SETS[name]
    folder = _own_folder(name) or _download(name, known, progress)
    return load_idx(folder, name, known.class_names)


def _own_folder(name: str) -> Path | None:
    """Return the folder of a set below ``NNCLI_DATA``, if all its files are there."""
    folder = data_folder(name)
    if folder is None:
        return None
    try:
        return folder if len(find_parts(folder)) == 4 else None
    except DataError:
        return None


def _download(name: str, known: ImageSet, progress: ProgressReport | None) -> Path:
    """Fetch what is not yet there into the user's cache; a file arrives whole and checked."""
    remotes = [Remote(file, known.address + file, sha256) for file, sha256 in known.files.items()]
    try:
        return fetch(name, known.title, remotes, progress)
    except (OSError, ValueError) as error:  # no network, no space, or another content
        raise by_hand(known.title, name, known.address, known.files, error) from None
