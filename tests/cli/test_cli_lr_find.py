"""``nncli lr-find``: what it shows, what it leaves behind, and what it refuses."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from cli_fakes import Call

from nncli.cli.commands.lr_find import train_command

TEST = ("lr-find", "iris", "--hidden", "6", "--opt", "sgd", "--seed", "3")


def test_a_suggestion_to_type_next(call: Call, tmp_path: Path) -> None:
    done = call(*TEST)
    assert done.code == 0, done.err
    assert "smoothed loss by learning rate" in done.out
    assert "training diverges at" in done.out
    assert "nothing was stored" in done.out
    assert max(map(len, done.out.splitlines())) <= 80
    assert "\x1b" not in done.out
    command = done.out.splitlines()[-1].removeprefix("next: ")
    assert command.startswith("nncli train iris --hidden 6 --opt sgd --seed 3 --lr 0.")
    assert not list(tmp_path.iterdir())  # no database
    assert call(*shlex.split(command)[1:], "--epochs", "1").code == 0


@pytest.mark.parametrize("columns", [40, 80])
def test_the_picture_fits(call: Call, columns: int) -> None:
    done = call(*TEST, columns=columns)
    picture = done.out.partition("training diverges")[0]
    assert max(map(len, picture.splitlines())) <= columns


def test_json(call: Call) -> None:
    found = call(*TEST, "--updates", "100", "--repeats", "2", "--highest", "5", "--json").json
    assert found["rates"][0] == pytest.approx(1e-6)
    assert found["rates"][-1] == pytest.approx(5.0)
    assert len(found["rates"]) == 100
    assert [each["seed"] for each in found["repeats"]] == [3, 4]
    for each in found["repeats"]:
        assert len(each["losses"]) == len(each["smoothed"]) == 100
    assert found["next"].endswith(f" --lr {found['suggestion']:g}")


def test_no_suggestion(call: Call) -> None:
    done = call(*TEST, "--lowest", "1e-30", "--highest", "1e-25")
    assert done.code == 0
    assert "no suggestion: the loss fell at no rate" in done.out
    assert "next:" not in done.out
    assert call(*TEST, "--lowest", "1e-30", "--highest", "1e-25", "--json").json["next"] is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--lr", "0.1"), "--lr means nothing here"),
        (("--opt", "lbfgs"), "--opt lbfgs has no learning rate"),
        (("--lowest", "1", "--highest", "0.1"), "the rate must rise"),
        (("--updates", "3"), "--updates is '3': expected a whole number of at least 10"),
        (("--repeats", "0"), "--repeats is '0': expected a whole number of at least 1"),
        (("--lowest", "x"), "--lowest is 'x': expected a number"),
    ],
)
def test_refused(call: Call, options: tuple[str, ...], message: str) -> None:
    done = call("lr-find", "iris", *options)
    assert done.code == 2
    assert message in done.err
    assert done.out == ""


def test_the_next_command_keeps_what_was_given() -> None:
    flags = {"data": "my file.csv", "hidden": "6,5", "no_header": True, "act": "max(0.1*x, x)"}
    command = train_command(flags)
    assert command == "nncli train 'my file.csv' --hidden 6,5 --no-header --act 'max(0.1*x, x)'"
    assert train_command({}) == "nncli train"
