"""What the commands of the pages find when a test runs them, and what is made smaller.

Everything here is named by a page: files that its commands read, runs that they take for granted.
"""

from __future__ import annotations

import os
import random
import re
from pathlib import Path

import page_blocks

#: Twenty small runs.
TWENTY = "nncli sweep iris --opt sgd,adam --lr 0.01,0.1 --seeds 5 --epochs 3 -q"
#: What a page, or a section of docs/commands.md, takes for granted, as commands that make it.
GRANTED = {
    "docs/export.md": ("nncli train iris --epochs 40 --lr 0.02",),
    "docs/serve.md": ("nncli train iris --epochs 2 --tag night",),
    "docs/sql.md": (TWENTY,),
    "docs/store.md": (TWENTY, "nncli train xor --epochs 2 --db laptop.db"),
    "nncli report": (
        "nncli experiment run xor --quick",
        "nncli sweep digits --act relu,tanh --opt sgd,adam --lr 0.01,0.1 --seeds 2 --epochs 3 -q",
        TWENTY,
        "nncli tag 3 night",
        "nncli sweep digits --act relu,tanh --opt sgd,adam --lr 0.02,0.2 --seeds 2 --epochs 3 -q",
    ),
    "nncli predict": (TWENTY, "nncli train iris --epochs 2 --name iris-best"),
    "nncli export": (TWENTY, "nncli train iris --epochs 2 --name iris-best"),
    "nncli gradcheck": ("nncli train iris --hidden 4 --epochs 2",),
    "nncli tag": (TWENTY, "nncli tag 1 old"),
    "nncli rm": (TWENTY, "nncli tag 13 night"),
    "nncli db": (TWENTY, "nncli train xor --epochs 2 --db laptop.db"),
    "nncli db info": (TWENTY, "nncli train xor --epochs 2 --db night.db"),
    "nncli db merge": (
        TWENTY,
        "nncli train xor --epochs 2 --db laptop.db",
        "nncli train iris --epochs 2 --db old.db",
    ),
    "nncli db prune": (TWENTY, "nncli tag 3 night"),
}

#: Commands as a test runs them, which take too long as they stand.
SMALLER = {
    "nncli train mnist --hidden 256,128 --dropout 0.2 --schedule cosine --epochs 20": (
        "nncli train mnist --hidden 16 --dropout 0.2 --schedule cosine --epochs 1"
    ),
    "nncli train --resume last --epochs 100": "nncli train --resume last --epochs 3",
    "nncli sweep digits --act relu,tanh --opt sgd,rmsprop,adam --lr log:1e-4:1e-1:7 --seeds 10 "
    "--epochs 10": (
        "nncli sweep digits --act relu,tanh --opt sgd,rmsprop,adam --lr log:1e-4:1e-1:7 --seeds 1 "
        "--epochs 3"
    ),
    "nncli sweep digits --act relu,tanh --opt sgd,rmsprop,adam --lr log:1e-4:1e-1:7 --seeds 5": (
        "nncli sweep digits --act relu,tanh --opt sgd,rmsprop,adam --lr log:1e-4:1e-1:7 --seeds 1 "
        "--epochs 3"
    ),
    "nncli sweep digits --act relu,tanh --opt sgd,adam --lr log:1e-4:1e-1:7 --seeds 5": (
        "nncli sweep digits --act relu,tanh --opt sgd,adam --lr log:1e-4:1e-1:7 --epochs 3"
    ),
    'nncli sweep digits --hidden "32|64|64,64" --lr loguniform:1e-4:1e-1 --sampler tpe --trials 40 '
    "--pruner hyperband": (
        'nncli sweep digits --hidden "32|64|64,64" --lr loguniform:1e-4:1e-1 --sampler tpe '
        "--trials 6 --pruner hyperband --epochs 5"
    ),
    "nncli sweep digits --lr loguniform:1e-4:1e-1 --sampler tpe --trials 50 --pruner hyperband": (
        "nncli sweep digits --lr loguniform:1e-4:1e-1 --sampler tpe --trials 6 --pruner hyperband "
        "--epochs 5"
    ),
    'nncli sweep digits --hidden "8|16|32" --epochs 20 --objective val_error --objective '
    "parameters": (
        'nncli sweep digits --hidden "8|16|32" --epochs 2 --objective val_error --objective '
        "parameters"
    ),
    "nncli train mnist --hidden 256,128 --act relu,tanh --tag night": (
        "nncli train mnist --hidden 16,8 --act relu,tanh --tag night --epochs 1"
    ),
    # the tour has the full forms, whose claims are decided
    "nncli experiment run xor_width": "nncli experiment run xor_width --quick",
    "nncli experiment run shared_hidden": "nncli experiment run shared_hidden --quick",
    "nncli experiment run noise_escapes": "nncli experiment run noise_escapes --quick",
    "nncli experiment run depth": "nncli experiment run depth --quick",
    'nncli report sweep:depth --where "bn is none and lr=0.1" --by act,init,depth '
    "--metric train_loss:last": (
        'nncli report sweep:depth-quick --where "bn is none and lr=0.1" --by act,init,depth '
        "--metric train_loss:last"
    ),
    # nobody can be asked here
    "nncli rm 12 15-20": "nncli rm 12 15-20 --yes",
    "nncli db prune --keep best:1 --keep last:5 --by data,act,opt": (
        "nncli db prune --keep best:1 --keep last:5 --by data,act,opt --yes"
    ),
    "nncli report --claims sweep:last": "nncli report --claims sweep:xor-quick",
    # the whole catalogue is proved by the command of K4 in docs/systems.md
    "nncli gradcheck": "nncli gradcheck xor --hidden 4",
    "nncli lr-find mnist --highest 1 --updates 500 --repeats 5": (
        "nncli lr-find mnist --hidden 16 --highest 1 --updates 100 --repeats 2"
    ),
}

#: Commands that are not run, by how they begin, and why.
NOT_RUN = {
    "nncli serve": "it serves until Ctrl-C; tests/serving starts it",
    "nncli experiment run all": ".ci/run runs them all",
    "nncli report --follow": "it goes on until Ctrl-C; tests/cli/test_cli_report_follow.py ends it",
}


def lay_files(folder: Path) -> None:
    """Write the files that the pages name."""
    rng = random.Random(0)
    people = [
        f"{rng.randint(18, 80)},{rng.choice(['Private', 'State', '?'])},{rng.randint(20, 60)},"
        f"{rng.choice(['<', '>'])}50K"
        for _ in range(200)
    ]
    _write(folder / "adult.csv", "age,workclass,hours,income", people)
    houses = [
        f"{each},{rng.randint(40, 200)},{rng.randint(1, 6)},{rng.randint(90, 900)}000"
        for each in range(120)
    ]
    _write(folder / "houses.csv", "id,area,rooms,price", houses)
    # rows of any of the tables: a network takes the columns that it knows by name
    _write(
        folder / "new.csv",
        "age,workclass,hours,sepal_length,sepal_width,petal_length,petal_width",
        ["39,Private,40,5.1,3.5,1.4,0.2", ",,50,6.7,3.0,5.2,2.3"],
    )
    for block in page_blocks.blocks(page_blocks.ROOT / "docs" / "sweeps.md"):
        if block.file:
            (folder / block.file).write_text(block.text, encoding="utf-8")
    experiment = page_blocks.ROOT / "experiments" / "xor_width.toml"
    (folder / "mine.toml").write_text(experiment.read_text(encoding="utf-8").replace("60", "3"))
    (folder / "spec.toml").write_text('data = "iris"\nact = "tanh"\nepochs = 2\n')
    (folder / "query.sql").write_text("-- a query\nselect id, opt from runs_flat limit 3\n")


def _write(path: Path, head: str, lines: list[str]) -> None:
    path.write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")


def without_remark(command: str) -> str:
    """Return a command without the remark behind it."""
    return re.sub(r"\s+#\s.*$", "", command)


def why_not(command: str) -> str | None:
    """Return why a command is not run, None if it is."""
    for start, reason in NOT_RUN.items():
        if command.startswith(start):
            return reason
    if "experiment run published/" in command:
        return "it trains for minutes, on data that may not be there"
    if "mnist" in command and not os.environ.get("NNCLI_DATA"):
        return "its data would be downloaded"
    return None
