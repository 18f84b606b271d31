"""The folder and the port are claimed by one installation at a time; the sentence says what to do instead."""

import os
import socket
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import claims


def test_a_folder_is_claimed_once_and_free_afterwards(tmp_path: Path):
    with claims.data_folder(tmp_path), pytest.raises(ImproperlyConfigured) as error, claims.data_folder(tmp_path):
        pass
    assert f"process {os.getpid()}" in str(error.value) and "make run DATA_DIR=" in str(error.value)
    with claims.data_folder(tmp_path):
        pass


@pytest.fixture
def taken():
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_port_in_use_is_said_with_another_to_try(taken: int):
    with pytest.raises(ImproperlyConfigured, match=f"PORT={taken} is in use by another program.*make run PORT={taken + 1}"):
        claims.port("127.0.0.1", taken)


def test_an_address_of_another_machine_cannot_be_listened_on():
    with pytest.raises(ImproperlyConfigured, match=r"192\.0\.2\.1 port 8000 cannot be listened on"):
        claims.port("192.0.2.1", 8000)


def test_a_free_port_is_no_complaint():
    claims.port("127.0.0.1", claims.free_port(0))


def test_the_preferred_port_is_taken_when_it_is_free(taken: int):
    free = claims.free_port(0)
    assert claims.free_port(free) == free
    assert claims.free_port(taken) not in (taken, 0)
    assert claims.free_port(65_536) > 0
