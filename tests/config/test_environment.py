"""Each reader: its default, what it accepts, and the sentence for what it does not."""

from ipaddress import ip_network
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.environment import PAGES_POOL, Environment, database_entry
from config.silent_peers import LIBPQ


@pytest.mark.parametrize("value", ["", "https://desk.example.com", "http://10.0.0.5:8000/", "https://[2001:db8::1]:8443"])
def test_an_origin_is_a_scheme_and_a_host(value) -> None:
    assert Environment({"PUBLIC_URL": value}).origin("PUBLIC_URL") == value.rstrip("/")


@pytest.mark.parametrize(
    "value", ["desk.example.com", "wss://a.example", "https://", "https://a.example/path", "https://me:secret@a.example"]
)
def test_what_is_no_origin_is_refused(value) -> None:
    with pytest.raises(ImproperlyConfigured, match="is not an address such as https://desk.example.com"):
        Environment({"PUBLIC_URL": value}).origin("PUBLIC_URL")


def test_empty_is_unset():
    env = Environment({"A": "  "})
    assert (env.text("A", "x"), env.flag("A", True), env.number("A", 1.5, 0, 2), env.words("A", "p q")) == ("x", True, 1.5, ["p", "q"])


@pytest.mark.parametrize(("word", "value"), [("1", True), ("Yes", True), ("on", True), ("0", False), ("FALSE", False), ("off", False)])
def test_flags(word: str, value: bool):
    assert Environment({"A": word}).flag("A", not value) is value


def test_numbers_within_their_limits():
    env = Environment({"A": "7", "B": "0.25"})
    assert env.integer("A", 0, 1, 7) == 7
    assert env.number("B", 0, 0, 1) == 0.25


def test_a_word_of_several_comes_as_it_is_known():
    assert Environment({"A": "Media"}).one_of("A", "all", ("all", "media")) == "media"
    assert Environment({}).one_of("A", "all", ("all", "media")) == "all"


def test_pairs_are_separated_by_commas_because_names_have_blanks():
    assert Environment({"A": "desk support=Support, /ops = Operator,"}).pairs("A") == {"desk support": "Support", "/ops": "Operator"}
    assert Environment({}).pairs("A") == {}
    for wrong in ("=Support", "a=", "a", "a=b,=", "=,a=b"):
        with pytest.raises(ImproperlyConfigured):
            Environment({"A": wrong}).pairs("A")


def test_words_and_networks_are_separated_by_commas_or_blanks():
    env = Environment({"A": "10.0.0.0/8, fd00::/8", "B": "1, 0.5"})
    assert env.words("A") == ["10.0.0.0/8", "fd00::/8"]
    assert env.numbers("B", "", 0, 60) == (1, 0.5)
    assert env.networks("A") == (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


@pytest.mark.parametrize(
    ("read", "sentence"),
    [
        (lambda env: env.flag("A", True), "A='maybe' is neither yes nor no. Set it to 1 or 0."),
        (lambda env: env.number("A", 1, 0, 60), "A='maybe' is not a number from 0 to 60."),
        (lambda env: env.integer("B", 1, 0, 10), "B=1.5 is not a whole number."),
        (lambda env: env.integer("C", 1, 0, 65535), "C='70000' is not a number from 0 to 65535."),
        (lambda env: env.numbers("F", "1 2", 0, 60), "F='soon' is not a number from 0 to 60."),
        (lambda env: env.one_of("A", "INFO", ("INFO", "DEBUG")), "A=maybe is not known. Set it to one of INFO, DEBUG."),
        (lambda env: env.networks("A"), "Write networks such as 10.1.0.0/16,fd00::/8."),
        (lambda env: env.networks("D"), "has host bits set"),
        (lambda env: env.folder("E", Path("x")), "Name a folder you may write to."),
    ],
)
def test_a_bad_value_stops_the_start_with_a_sentence(read, sentence: str):
    env = Environment({"A": "maybe", "B": "1.5", "C": "70000", "D": "10.0.0.1/8", "E": "/dev/null/x", "F": "1 soon"})
    with pytest.raises(ImproperlyConfigured) as error:
        read(env)
    assert sentence in str(error.value)


def test_not_a_number_is_no_number():
    with pytest.raises(ImproperlyConfigured):
        Environment({"A": "nan"}).number("A", 1, 0, 60)


def test_a_folder_is_made_for_its_owner_only(tmp_path: Path):
    made = Environment({"A": str(tmp_path / "new" / "folder")}).folder("A", Path("x"))
    assert made.is_dir() and made.stat().st_mode & 0o777 == 0o700


def test_no_database_url_means_the_embedded_file():
    found = database_entry("", Path("/data/streamdesk.sqlite3"))
    assert found["ENGINE"].endswith("sqlite3") and found["NAME"] == "/data/streamdesk.sqlite3"
    assert found["OPTIONS"]["transaction_mode"] == "IMMEDIATE" and "journal_mode=WAL" in found["OPTIONS"]["init_command"]


def test_a_postgresql_url_is_taken_apart():
    found = database_entry("postgresql://me:p%40ss@db.example:6432/calls?sslmode=require", Path("x"))
    assert found["ENGINE"].endswith("postgresql")
    assert [found[key] for key in ("NAME", "USER", "PASSWORD", "HOST", "PORT")] == ["calls", "me", "p@ss", "db.example", "6432"]
    assert found["OPTIONS"] == {**LIBPQ, "sslmode": "require"}


def test_what_the_url_says_of_silence_wins():
    found = database_entry("postgresql://me@db.example/calls?tcp_user_timeout=30000&keepalives_idle=60", Path("x"))
    assert found["OPTIONS"] == LIBPQ | {"tcp_user_timeout": "30000", "keepalives_idle": "60"}


def test_how_many_connections_pages_share_is_said_in_the_url_and_is_no_parameter_of_libpqs() -> None:
    found = database_entry("postgresql://me@db.example/calls?pool=6&sslmode=require", Path("x"))
    assert (found[PAGES_POOL], found["OPTIONS"]) == (6, {**LIBPQ, "sslmode": "require"})
    assert database_entry("postgresql://me@db.example/calls", Path("x"))[PAGES_POOL] == 0
    for wrong in ("many", "-1", "101", "2.5"):
        with pytest.raises(ImproperlyConfigured, match="pool is how many connections .* a whole number up to 100 such as 6"):
            database_entry(f"postgresql://me@db.example/calls?pool={wrong}", Path("x"))


def test_a_postgresql_socket_folder_is_a_host():
    assert database_entry("postgresql://me@/calls?host=/run/postgresql", Path("x"))["HOST"] == "/run/postgresql"


def test_another_database_is_refused_by_name():
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL begins with mysql. Use postgresql://"):
        database_entry("mysql://localhost/calls", Path("x"))


@pytest.mark.parametrize(
    ("value", "address"), [("", ("", 0)), ("127.0.0.1:9101", ("127.0.0.1", 9101)), ("[::1]:9101", ("::1", 9101)), ("host:1", ("host", 1))]
)
def test_an_address_to_listen_on_is_a_host_and_a_port(value: str, address: tuple[str, int]) -> None:
    assert Environment({"WORKER_METRICS": value}).address("WORKER_METRICS") == address


@pytest.mark.parametrize("value", ["9101", "127.0.0.1", "127.0.0.1:", ":9101", "127.0.0.1:0", "127.0.0.1:70000", "127.0.0.1:http"])
def test_what_is_no_address_to_listen_on_is_refused(value: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="WORKER_METRICS"):
        Environment({"WORKER_METRICS": value}).address("WORKER_METRICS")
