"""What is particular to PostgreSQL: URLs, connections that fail, rights, and writers' turns."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from postgres_server import PASSWORD, PostgresServer
from sqlalchemy import make_url
from store_samples import a_curve, a_model, a_run

from nncli.errors import StoreError
from nncli.store import RunStore
from nncli.store.postgres import _parameters
from nncli.store.process import this_process

CALLS: dict[str, Callable[[RunStore], object]] = {
    "read": lambda store: store.list_runs(),
    "write": lambda store: store.create_run(a_run()),
}


@pytest.fixture(params=CALLS)
def call(request: pytest.FixtureRequest) -> Callable[[RunStore], object]:
    """A call that reads, and one that writes."""
    return CALLS[request.param]


@pytest.fixture
def role(server: PostgresServer, database: str) -> Iterator[str]:
    """A user without any rights of its own."""
    server.execute("CREATE ROLE visitor LOGIN")
    yield "visitor"
    server.execute("DROP OWNED BY visitor", database)
    server.execute("DROP ROLE visitor")


def names(execute) -> set[str]:
    """All that is in the database, but what PostgreSQL brought."""
    found = execute("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace")
    return {name for (name,) in found}


def fill(url: str) -> int:
    with RunStore(url) as store:
        run_id = store.create_run(a_run(name="kept"))
        store.finish_run(run_id, "completed", a_curve(1, 50), last=a_model(50))
    return run_id


def test_every_form_of_the_url_leads_to_the_database(
    server: PostgresServer, database: str, url: str
) -> None:
    fill(url)
    hosted = server.tcp_url(database)
    same = [url, url.replace("+psycopg", ""), url.replace("postgresql+psycopg", "postgres"), hosted]
    same += [hosted.replace("postgres:", "POSTGRESQL:", 1), f"{hosted}?sslmode=prefer"]
    for each in same:
        with RunStore(each) as store:
            assert store.find_run("last").name == "kept"
            assert "word" not in store.shown


def test_an_empty_database_holds_no_runs_yet(url: str, execute) -> None:
    with RunStore(url) as store:
        for read in (store.list_runs, lambda: store.find_run("last"), lambda: store.curve(1)):
            with pytest.raises(StoreError, match=r"no tables of nncli at .*train something first"):
                read()
        assert names(execute) == set()
        store.create_run(a_run())
        assert len(store.list_runs()) == 1


def test_reading_can_change_nothing(url: str) -> None:
    fill(url)
    with RunStore(url) as store:
        store.list_runs()
        with pytest.raises(StoreError, match="read-only transaction"), store._reading() as session:
            session.exec_driver_sql("DELETE FROM runs")
        assert len(store.list_runs()) == 1


UNREACHABLE = {
    "postgresql://me:secret@127.0.0.1:1/name": r"no PostgreSQL server answers at .*127.0.0.1:1/name"
    r" \(Connection refused\).*check host and port",
    "postgresql://me:secret@no-such-host.invalid/name": "no PostgreSQL server answers .*name",
    "postgresql:///name?host=/nowhere&password=secret": r"answers .*No such file or directory",
    "postgresql://me:secret@127.0.0.1:1/name?pgbouncer=true": "cannot be read .*pgbouncer.*libpq",
    "postgresql://me:secret@127.0.0.1:1/name?sslmode=some": "cannot be read .*sslmode.*libpq",
    "postgresql://me:secret@127.0.0.1:1/name?port=some": "cannot be read .*port arguments.*libpq",
}


@pytest.mark.parametrize("given", UNREACHABLE)
def test_a_server_that_is_not_there(given: str, call) -> None:
    with (
        RunStore(given) as store,
        pytest.raises(StoreError, match=UNREACHABLE[given]) as caught,
    ):
        call(store)
    assert "secret" not in str(caught.value)


def test_what_the_server_refuses(server: PostgresServer, database: str, call) -> None:
    server.execute("CREATE ROLE guarded LOGIN PASSWORD 'right'")
    without = f"postgres://guarded@127.0.0.1:{server.port}/{database}"
    refused = {
        server.url("no_such_base"): r"does not exist.*make it: createdb no_such_base",
        server.url(database, "no_such_user"): r"whom the server knows.*createuser no_such_user",
        server.tcp_url(database, "guarded", "secret"): r"password authentication failed.*%40",
        f"{server.tcp_url(database)}?sslmode=require": r"does not support SSL.*see sslmode",
        without: r"no password supplied.*PGPASSWORD",
    }
    for url, message in refused.items():
        with RunStore(url) as store, pytest.raises(StoreError, match=message) as caught:
            call(store)
        assert "secret" not in str(caught.value)
    server.execute("DROP ROLE guarded")


def test_a_server_that_says_nothing_is_given_up(call) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with (
            RunStore(f"postgresql://me@127.0.0.1:{port}/name?connect_timeout=2") as store,
            pytest.raises(StoreError, match=r"no PostgreSQL server answers .*timeout"),
        ):
            call(store)


def test_connecting_ends_after_ten_seconds_unless_told(monkeypatch: pytest.MonkeyPatch) -> None:
    url = make_url("postgresql://host/name")
    assert _parameters(url)["connect_timeout"] == "10"
    assert "connect_timeout" not in _parameters(url.set(query={"connect_timeout": "60"}))
    monkeypatch.setenv("PGCONNECT_TIMEOUT", "60")
    assert "connect_timeout" not in _parameters(url)


def test_one_who_may_only_read(server: PostgresServer, database: str, url: str, role: str) -> None:
    run_id = fill(url)
    server.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}", database)
    with RunStore(server.url(database, role)) as store:
        assert len(store.curve(run_id)) == 50
        with pytest.raises(StoreError, match=r"too little \(permission denied for table runs\)"):
            store.create_run(a_run())
        assert len(store.list_runs()) == 1


def test_one_who_may_make_no_tables(
    server: PostgresServer, database: str, execute, role: str
) -> None:
    with (
        RunStore(server.url(database, role)) as store,
        pytest.raises(StoreError, match=r"too little \(permission denied for schema public\)"),
    ):
        store.create_run(a_run())
    assert names(execute) == set()


@pytest.mark.parametrize("made", ["TABLE runs (id int)", "VIEW curves AS SELECT 1 AS id"])
def test_names_that_another_program_took(url: str, execute, made: str, call) -> None:
    execute(f"CREATE {made}")
    execute("CREATE TABLE metrics (id int)")
    before = names(execute)
    taken = made.split()[1]
    with (
        RunStore(url) as store,
        pytest.raises(StoreError, match=rf"another program \(it has {taken}\).*CREATE SCHEMA"),
    ):
        call(store)
    assert names(execute) == before


def test_a_schema_of_its_own_or_shared(url: str, execute) -> None:
    execute("CREATE TABLE customers (id int)")
    fill(url)
    own = f"{url}&options=-csearch_path%3Dnncli"
    with (
        RunStore(own) as store,
        pytest.raises(StoreError, match=r"no schema to make tables in .*CREATE SCHEMA"),
    ):
        store.create_run(a_run())
    execute("CREATE SCHEMA nncli")
    fill(own)
    fill(own)
    counted = "SELECT count(*) FROM"
    assert execute(f"{counted} public.runs") == [(1,)]
    assert execute(f"{counted} nncli.runs") == [(2,)]
    assert execute(f"{counted} customers") == [(0,)]


def test_a_newer_schema_is_refused(url: str, execute, call) -> None:
    fill(url)
    execute("UPDATE nncli_version SET version_num = '9999'")
    with RunStore(url) as store, pytest.raises(StoreError, match=r"newer nncli .schema 9999"):
        call(store)
    assert execute("SELECT count(*) FROM runs") == [(1,)]


def test_a_server_that_is_restarted(server: PostgresServer, url: str) -> None:
    with RunStore(url) as store:
        run_id = store.create_run(a_run())
        store.save(run_id, a_curve(1, 5), last=a_model(5))
        server.stop()
        try:
            for call in (lambda: store.save(run_id, a_curve(6, 9)), lambda: store.curve(run_id)):
                with pytest.raises(StoreError, match="no PostgreSQL server answers"):
                    call()
        finally:
            server.start()
        store.save(run_id, a_curve(6, 9))  # by a connection that is made anew
        assert len(store.curve(run_id)) == 9


@pytest.mark.parametrize("how", ["one session", "the server"])
def test_a_connection_that_is_lost_half_way(server: PostgresServer, url: str, how: str) -> None:
    with RunStore(url) as store:
        run_id = store.create_run(a_run())

        def cut_off() -> None:
            with store.transaction():
                store.create_run(a_run())
                if how == "the server":
                    server.stop()
                else:
                    server.execute(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                        "WHERE application_name = 'nncli'"
                    )
                store.save(run_id, a_curve(1, 5))

        try:
            with pytest.raises(StoreError, match=r"connection to .* was lost .*train --resume"):
                cut_off()
        finally:
            if how == "the server":
                server.start()
        assert [row.id for row in store.list_runs()] == [run_id]
        store.save(run_id, a_curve(1, 5))
        assert len(store.curve(run_id)) == 5


@pytest.mark.parametrize("held", ["LOCK TABLE runs", "UPDATE runs SET name = 'x'"])
def test_a_lock_held_too_long(url: str, held: str) -> None:
    psycopg = pytest.importorskip("psycopg")
    run_id = fill(url)
    with psycopg.connect(url.replace("+psycopg", "")) as holder:
        holder.execute(held)
        with (
            RunStore(url, timeout=0.3) as store,
            pytest.raises(StoreError, match=r"locked by another program for 0.3 s"),
        ):
            store.reopen_run(run_id)
    with RunStore(url) as store:
        store.reopen_run(run_id)


def test_writers_take_turns(url: str) -> None:
    """Of several processes that resume a run at one moment, one has it."""
    run_id = fill(url)
    stores = [RunStore(url, process=replace(this_process(), space=f"{k}")) for k in range(6)]
    for store in stores:
        store.create_run(a_run())
    for _ in range(5):
        gate = threading.Barrier(len(stores))
        won: list[RunStore] = []
        refused: list[str] = []

        def resume(store: RunStore, gate=gate, won=won, refused=refused) -> None:
            gate.wait()
            try:
                store.reopen_run(run_id)
                won.append(store)
            except StoreError as error:
                refused.append(str(error))

        threads = [threading.Thread(target=resume, args=(store,)) for store in stores]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(won) == 1
        assert all("is being trained by process" in each for each in refused)
        won[0].finish_run(run_id, "completed", a_curve(51, 60), last=a_model(50))
    for store in stores:
        store.close()


def test_a_vanished_machine_does_not_keep_the_others_waiting(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nncli.store.postgres.IDLE_LIMIT", 0.2)
    fill(url)
    vanished = RunStore(url, timeout=0.1)

    def stopped_half_way() -> None:
        with vanished.transaction():
            vanished.create_run(a_run(name="half"))
            with RunStore(url) as other:  # which waits until the server has ended the transaction
                other.create_run(a_run(name="other"))
            vanished.create_run(a_run())

    with pytest.raises(StoreError, match=r"was lost .*idle.*timeout"):
        stopped_half_way()
    assert [row.name for row in vanished.list_runs()] == ["other", "kept"]
    vanished.close()


def test_the_server_goes_with_tests_that_are_killed(tmp_path: Path) -> None:
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from postgres_server import running_server\n"
        "with running_server() as server: print(server.folder, flush=True); input()"
    )
    tests = str(Path(__file__).parents[1])
    child = subprocess.Popen(
        [sys.executable, "-c", code, tests],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    folder = Path(child.stdout.readline().strip())
    assert (folder / "data" / "postmaster.pid").exists()
    child.kill()
    child.communicate()
    give_up = time.monotonic() + 30
    while folder.exists() and time.monotonic() < give_up:
        time.sleep(0.02)
    assert not folder.exists()


def test_no_message_holds_the_password(server: PostgresServer) -> None:
    for database in ("no_such_base", "postgres?options=-cno_such=1"):
        with RunStore(server.tcp_url(database)) as store, pytest.raises(StoreError) as caught:
            store.list_runs()
        chain = [caught.value, caught.value.__cause__, caught.value.__context__]
        assert not any(PASSWORD in str(each) or "%40ss" in str(each) for each in chain)
