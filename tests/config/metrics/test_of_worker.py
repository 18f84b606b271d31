"""A worker's own page: what became of callbacks, and that whoever hangs at its door costs nobody anything."""

import http.client
import logging
import socket
from collections.abc import Iterator
from contextlib import closing

import pytest
from prometheus_client.parser import text_string_to_metric_families
from pytest_httpserver import HTTPServer

from config.metrics import of_worker
from config.metrics.of_worker import AT_ONCE, MetricsServer
from config.metrics.readers import REFUSED
from tests.config.metrics.test_page import LOOPBACK, samples
from tests.streams.callback_rows import endpoint, owed, stream
from tests.streams.delivering import deliver_next


@pytest.fixture(autouse=True)
def readable_from_here(settings) -> None:
    settings.METRICS_ALLOW = LOOPBACK


@pytest.fixture
def server() -> Iterator[MetricsServer]:
    server = MetricsServer("127.0.0.1", 0)
    yield server
    server.close()


def fetched(server: MetricsServer, path: str = "/metrics", **headers: str) -> tuple[int, str]:
    with closing(http.client.HTTPConnection(*server.server_address[:2], timeout=30)) as connection:
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        return response.status, response.read().decode()


@pytest.mark.django_db
def test_tries_are_counted_by_what_came_of_them(server: MetricsServer, httpserver: HTTPServer) -> None:
    before = samples(fetched(server)[1])
    httpserver.expect_request("/broken").respond_with_data("", status=500)
    good, bad = owed(stream(), endpoint(httpserver, 200)), owed(stream(), httpserver.url_for("/broken"))
    deliver_next(good.stream_id)
    deliver_next(bad.stream_id)
    after = samples(fetched(server)[1])
    grown = {key: after[key] - before[key] for key in after if key[0].startswith("streamdesk_callback") and after[key] != before[key]}
    assert grown["streamdesk_callback_try_seconds_count", "delivered"] == 1
    assert grown["streamdesk_callback_try_seconds_count", "tried_again"] == 1
    assert grown["streamdesk_callback_answers_total", "2xx"] == grown["streamdesk_callback_answers_total", "5xx"] == 1
    assert grown["streamdesk_callback_delay_seconds_count", ""] == 1


def test_it_can_be_parsed_and_has_what_the_system_says(server: MetricsServer) -> None:
    names = {family.name for family in text_string_to_metric_families(fetched(server)[1])}
    assert {"streamdesk_build_info", "process_resident_memory_bytes", "process_open_fds"} <= names


def test_who_may_not_read_it_reads_nothing(server: MetricsServer, settings) -> None:
    assert fetched(server, "/")[0] == 404
    assert fetched(server, **{"X-Forwarded-For": "10.0.0.1"})[0] == 403
    settings.METRICS_ALLOW = ()
    assert fetched(server) == (403, REFUSED)


def test_connections_that_say_nothing_or_drip_end_in_time_and_the_next_scrape_is_answered(
    server: MetricsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(of_worker, "PATIENCE_SECONDS", 0.5)
    silent = [socket.create_connection(server.server_address[:2], timeout=30) for _ in range(AT_ONCE * 3)]
    silent[0].sendall(b"GET /metrics HTTP/1.1\r\nX: ")
    for each in silent:  # each is closed: by its time, or at once because there are too many
        assert each.recv(100) == b""
        each.close()
    assert fetched(server)[0] == 200


def test_a_port_that_is_taken_is_said_and_nothing_else(server: MetricsServer, settings, caplog: pytest.LogCaptureFixture) -> None:
    settings.WORKER_METRICS = server.server_address[:2]
    of_worker.serve_metrics()
    assert not of_worker._servers
    assert [record.levelno for record in caplog.records] == [logging.ERROR] and "a port of its own" in caplog.text


def test_it_is_served_where_it_is_asked_for_and_nowhere_else(settings, unused_tcp_port: int) -> None:
    settings.WORKER_METRICS = ("", 0)
    of_worker.serve_metrics()
    assert not of_worker._servers
    settings.WORKER_METRICS = ("127.0.0.1", unused_tcp_port)
    of_worker.serve_metrics()
    try:
        assert fetched(of_worker._servers[0])[0] == 200
    finally:
        of_worker.stop_serving_metrics()
