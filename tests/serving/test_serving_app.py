"""Answers of the server: who is refused, what headers say, curves, events, the end."""

from __future__ import annotations

import http.client
import json
import socket
from typing import Any
from urllib.parse import urlsplit

import pytest
from live_runs import Trained

pytest.importorskip("starlette")

from nncli.serving.app import event, read_runs
from nncli.serving.guarding import host_name


def ask(
    address: str, path: str = "/", method: str = "GET", **headers: str
) -> tuple[int, dict[str, str], str]:
    """Status, headers by lower case, and text of an answer."""
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=20)
    connection.request(method, path, headers=headers)
    answer = connection.getresponse()
    found = {name.lower(): value for name, value in answer.getheaders()}
    text = answer.read().decode()
    connection.close()
    return answer.status, found, text


def test_the_page(address: str) -> None:
    status, headers, text = ask(address)
    assert status == 200
    assert headers["content-type"] == "text/html; charset=utf-8"
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"] == "frame-ancestors 'none'"
    assert "server" not in headers
    assert "connect-src &#x27;self&#x27;" in text
    assert "<title>Runs in results.db</title>" in text


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", ""])
def test_a_foreign_host_is_refused(address: str, host: str) -> None:
    for path in ("/", "/events", "/curves?runs=1"):
        status, headers, text = ask(address, path, Host=host)
        assert status in (400, 403)
        assert "relu" not in text
        assert headers.get("access-control-allow-origin") is None


@pytest.mark.parametrize("host", ["localhost", "localhost:9999", "127.0.0.1", "[::1]:8765"])
def test_names_of_this_machine_are_taken(address: str, host: str) -> None:
    assert ask(address, Host=host)[0] == 200


def test_two_hosts_are_refused(address: str) -> None:
    parts = urlsplit(address)
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=20) as link:
        link.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n")
        assert link.recv(64).split()[1] in (b"400", b"403")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"])
def test_only_reading_is_answered(address: str, method: str) -> None:
    status, headers, _ = ask(address, method=method)
    assert status == 405
    assert headers["allow"] == "GET"


def test_an_unknown_address(address: str) -> None:
    status, headers, _ = ask(address, "/../results.db")
    assert status == 404
    assert headers["content-security-policy"].startswith("default-src 'none'")


def test_curves(address: str, trained: Trained) -> None:
    running = trained.begin()
    trained.epochs(running, 1, 4)
    status, headers, text = ask(address, f"/curves?runs=1,{running},99")
    assert status == 200
    assert headers["content-type"] == "application/json"
    found = json.loads(text)
    assert found["runs"].keys() == {"1", str(running)}
    assert found["runs"]["1"]["rows"] == 10
    assert found["runs"][str(running)]["epoch"] == {"from": 1, "step": 1}
    assert {"train_loss", "val_accuracy"} <= set(found["metrics"])


@pytest.mark.parametrize("text", ["", "x", "1;drop", "-1", "1,,2", "٣", "9" * 19])
def test_ids_that_are_none(address: str, text: str) -> None:
    with pytest.raises(ValueError, match="expected ids"):
        read_runs(text)
    assert ask(address, "/curves?runs=x")[0] == 400


def test_too_many_ids() -> None:
    assert read_runs(",".join(map(str, range(100)))) == list(range(100))
    with pytest.raises(ValueError, match="at most 100"):
        read_runs(",".join(map(str, range(101))))


def test_events(address: str, trained: Trained) -> None:
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=20)
    connection.request("GET", "/events")
    answer = connection.getresponse()
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"

    def read() -> dict[str, Any]:
        while answer.readline() != b"event: runs\n":
            pass
        found: dict[str, Any] = json.loads(answer.readline().removeprefix(b"data: "))
        return found

    assert read()["whole"] is True
    running = trained.begin(name="\u2028\ndata: x\n\n")
    news = read()
    assert news["whole"] is False
    [name] = [c for c in news["runs"]["columns"] if c["name"] == "name"]
    assert name["values"] == {"same": "\u2028\ndata: x\n\n"}
    trained.epochs(running, 1, 2)
    assert read()["runs"]["rows"] == 1
    connection.close()


def test_an_event_is_one_line_of_data() -> None:
    text = event("runs", {"name": "a\nevent: b\r\n\n\u2028"})
    assert text.count("\n") == 3
    assert text.endswith("\n\n")


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("localhost:80", "localhost"),
        ("LOCALHOST", "localhost"),
        ("[::1]", "[::1]"),
        ("[::1]:80", "[::1]"),
        ("::1", "::1"),
        ("localhost:x", "localhost:x"),
        ("localhost:80:80", "localhost:80:80"),
    ],
)
def test_names_of_hosts(host: str, name: str) -> None:
    assert host_name(host) == name
