"""Which server is talked to, and with which key."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from trainshed.config import find_server, save_context
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


# --- contexts ---


def home(folder: Path, *, current: str | None = "lab") -> dict[str, str]:
    """A user with the contexts `prod` and `lab`."""
    path = folder / "home" / "trainshed" / "contexts.json"
    save_context(path, "prod", url="https://prod.example", token="trs_prod")
    save_context(path, "lab", url="http://lab:8321", token="trs_lab", use=True)
    if current is None:
        path.write_text(path.read_text().replace('"current": "lab"', '"current": null'))
    return {"XDG_CONFIG_HOME": str(folder / "home")}


def found(folder: Path, environ: dict[str, str], *args: str | None, context: str | None = None) -> tuple[str, str]:
    url, token = args or (None, None)
    server = find_server(url, token, context=context, environ=environ, cwd=folder)
    return server.url, server.token or ""


def test_the_order_is_argument_environment_named_context_current_context_folder(tmp_path: Path) -> None:
    local_mode(tmp_path / ".trainshed")
    environ = home(tmp_path)
    env = {**environ, "TRAINSHED_URL": "https://env.example", "TRAINSHED_TOKEN": "trs_env"}
    named = {**environ, "TRAINSHED_CONTEXT": "prod"}

    assert found(tmp_path, env, "https://arg.example", "trs_arg", context="prod") == ("https://arg.example", "trs_arg")
    assert found(tmp_path, env, context="prod") == ("https://env.example", "trs_env")
    assert found(tmp_path, named) == ("https://prod.example", "trs_prod")
    assert found(tmp_path, named, context="lab") == ("http://lab:8321", "trs_lab")
    assert found(tmp_path, environ) == ("http://lab:8321", "trs_lab")
    assert found(tmp_path, home(tmp_path, current=None)) == (LOCAL, "trs_local")


def test_a_key_is_never_sent_to_another_address_than_its_own(tmp_path: Path) -> None:
    environ = home(tmp_path)
    env = {**environ, "TRAINSHED_URL": "https://env.example", "TRAINSHED_TOKEN": "trs_env"}

    assert found(tmp_path, env, "https://else.example", None) == ("https://else.example", "")
    assert found(tmp_path, {**environ, "TRAINSHED_URL": "https://env.example"}) == ("https://env.example", "")
    assert found(tmp_path, environ, "https://prod.example", None) == ("https://prod.example", "")
    assert found(tmp_path, environ, "http://lab:8321/", None) == ("http://lab:8321", "trs_lab")


def test_a_key_of_the_environment_without_an_address_goes_to_the_chosen_one(tmp_path: Path) -> None:
    environ = {**home(tmp_path), "TRAINSHED_TOKEN": "trs_env"}

    assert found(tmp_path, environ) == ("http://lab:8321", "trs_env")
    assert found(tmp_path, environ, "https://arg.example", None) == ("https://arg.example", "trs_env")


def test_a_context_that_is_not_there_is_no_reason_to_take_another(tmp_path: Path) -> None:
    local_mode(tmp_path / ".trainshed")

    with pytest.raises(NotConfigured, match=r"no context 'stage'.*lab, prod"):
        found(tmp_path, home(tmp_path), context="stage")
    with pytest.raises(NotConfigured, match="no context 'stage'"):
        found(tmp_path, {"TRAINSHED_CONTEXT": "stage"})


def test_a_broken_file_of_contexts_is_no_reason_to_take_another_server(tmp_path: Path) -> None:
    local_mode(tmp_path / ".trainshed")
    environ = home(tmp_path)
    (tmp_path / "home" / "trainshed" / "contexts.json").write_text("{")

    with pytest.raises(NotConfigured, match="cannot be read"):
        found(tmp_path, environ)
    assert found(tmp_path, environ, "https://arg.example", "trs_arg") == ("https://arg.example", "trs_arg")
