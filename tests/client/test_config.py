"""Which server is talked to, and with which key."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from trainshed.config import find_server
from trainshed.errors import NotConfigured

LOCAL = "http://127.0.0.1:8321"


def local_mode(folder: Path, url: str = LOCAL, key: str = "trs_local") -> Path:
    folder.mkdir(parents=True)
    (folder / "server.json").write_text(json.dumps({"url": url, "pid": 1}))
    (folder / "admin.key").write_text(f"{key}\n")
    return folder


def test_an_argument_wins_over_the_environment_and_that_over_the_folder(tmp_path: Path) -> None:
    local_mode(tmp_path / ".trainshed")
    environ = {"TRAINSHED_URL": "https://env.example", "TRAINSHED_TOKEN": "trs_env"}

    by_argument = find_server("https://arg.example", "trs_arg", environ=environ, cwd=tmp_path)
    by_environ = find_server(None, None, environ=environ, cwd=tmp_path)
    by_folder = find_server(None, None, environ={}, cwd=tmp_path)

    assert (by_argument.url, by_argument.token) == ("https://arg.example", "trs_arg")
    assert (by_environ.url, by_environ.token) == ("https://env.example", "trs_env")
    assert (by_folder.url, by_folder.token) == (LOCAL, "trs_local")


def test_the_nearest_folder_upwards_is_taken(tmp_path: Path) -> None:
    local_mode(tmp_path / ".trainshed", url="http://127.0.0.1:1")
    local_mode(tmp_path / "a" / ".trainshed", url="http://127.0.0.1:2")
    deep = tmp_path / "a" / "b" / "c"
    deep.mkdir(parents=True)

    assert find_server(None, None, environ={}, cwd=deep).url == "http://127.0.0.1:2"


def test_a_folder_without_a_server_is_passed_over(tmp_path: Path) -> None:
    local_mode(tmp_path / ".trainshed")
    (tmp_path / "a" / ".trainshed").mkdir(parents=True)

    assert find_server(None, None, environ={}, cwd=tmp_path / "a").url == LOCAL


def test_the_data_folder_of_the_environment_is_taken_alone(tmp_path: Path) -> None:
    local_mode(tmp_path / ".trainshed", url="http://127.0.0.1:1")
    data = local_mode(tmp_path / "data", url="http://127.0.0.1:2")

    assert find_server(None, None, environ={"TRAINSHED_DATA_DIR": str(data)}, cwd=tmp_path).url == "http://127.0.0.1:2"
    with pytest.raises(NotConfigured, match="TRAINSHED_DATA_DIR"):
        find_server(None, None, environ={"TRAINSHED_DATA_DIR": str(tmp_path)}, cwd=tmp_path)


def test_the_local_key_is_sent_to_the_local_server_alone(tmp_path: Path) -> None:
    local_mode(tmp_path / ".trainshed")

    assert find_server("https://elsewhere.example", None, environ={}, cwd=tmp_path).token is None
    assert find_server(f"{LOCAL}/", None, environ={}, cwd=tmp_path).token == "trs_local"


def test_nothing_known_says_what_was_looked_for_and_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NotConfigured) as caught:
        find_server(None, None, environ={}, cwd=tmp_path)

    assert str(tmp_path) in caught.value.detail
    assert "trainshed up" in caught.value.advice


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"url": "nonsense"}'])
def test_a_damaged_folder_is_named(tmp_path: Path, content: str) -> None:
    local_mode(tmp_path / ".trainshed")
    (tmp_path / ".trainshed" / "server.json").write_text(content)

    with pytest.raises(NotConfigured, match=r"server\.json|not the address"):
        find_server(None, None, environ={}, cwd=tmp_path)


@pytest.mark.parametrize("url", ["ftp://host", "host:8321", "http://", "http://host:port"])
def test_what_is_no_address_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(NotConfigured, match="not the address"):
        find_server(url, None, environ={}, cwd=tmp_path)


@pytest.mark.parametrize("suffix", ["", "/", "/api/v1", "/api/v1/"])
def test_the_address_may_end_in_the_path_of_the_api(tmp_path: Path, suffix: str) -> None:
    assert find_server(f"https://host/prefix{suffix}", "k", environ={}, cwd=tmp_path).url == "https://host/prefix"


def test_a_key_that_cannot_stand_in_a_header_is_refused_and_not_shown(tmp_path: Path) -> None:
    with pytest.raises(NotConfigured) as caught:
        find_server(LOCAL, "trs_se\ncret", environ={}, cwd=tmp_path)

    assert "cret" not in str(caught.value)
    assert "trs_arg" not in repr(find_server(LOCAL, "trs_arg", environ={}, cwd=tmp_path))
