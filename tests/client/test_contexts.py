"""Servers under names, kept in one private file."""

from __future__ import annotations

import json
import stat
import threading
from pathlib import Path

import pytest

from trainshed.config import contexts_path, list_contexts, remove_context, save_context, use_context
from trainshed.errors import NotConfigured


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "config" / "trainshed" / "contexts.json"


def names(path: Path) -> list[str]:
    return [f"{each.name}{'*' if each.is_current else ''}" for each in list_contexts(path)]


def test_where_there_is_no_file_there_is_no_context(path: Path) -> None:
    assert list_contexts(path) == ()


def test_the_first_context_becomes_the_current_one_and_a_later_one_when_asked_to(path: Path) -> None:
    save_context(path, "prod", url="https://prod.example/api/v1/", token="trs_prod")
    save_context(path, "lab", url="http://lab:8321", token=None)
    assert names(path) == ["lab", "prod*"]

    use_context(path, "lab")
    assert names(path) == ["lab*", "prod"]

    save_context(path, "prod", url="https://prod2.example", token="trs_new", use=True)
    assert names(path) == ["lab", "prod*"]
    assert json.loads(path.read_text()) == {
        "current": "prod",
        "contexts": {
            "prod": {"url": "https://prod2.example", "token": "trs_new"},
            "lab": {"url": "http://lab:8321", "token": None},
        },
    }


def test_nobody_else_may_read_the_file(path: Path) -> None:
    save_context(path, "prod", url="https://prod.example", token="trs_prod")
    path.chmod(0o644)
    save_context(path, "lab", url="http://lab:8321", token=None)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [*path.parent.iterdir()] == [path]


def test_a_key_is_not_shown(path: Path) -> None:
    context = save_context(path, "prod", url="https://prod.example", token="trs_prod")

    assert "trs_prod" not in repr(context)
    assert "trs_prod" not in repr(context.server)


def test_without_the_current_context_none_is(path: Path) -> None:
    save_context(path, "prod", url="https://prod.example", token="trs_prod")
    save_context(path, "lab", url="http://lab:8321", token=None)

    remove_context(path, "prod")

    assert names(path) == ["lab"]
    assert "trs_prod" not in path.read_text()


@pytest.mark.parametrize("change", [use_context, remove_context])
def test_a_name_that_is_not_there_is_said_with_those_that_are(path: Path, change: object) -> None:
    save_context(path, "prod", url="https://prod.example", token=None)

    with pytest.raises(NotConfigured, match=r"no context 'prd' .*; there is: prod"):
        change(path, "prd")  # type: ignore[operator]

    assert names(path) == ["prod*"]


@pytest.mark.parametrize("name", ["", "-x", "a b", "a/b", "x" * 64, "é", "a\n"])
def test_what_is_no_name_is_refused(path: Path, name: str) -> None:
    with pytest.raises(NotConfigured, match="cannot name"):
        save_context(path, name, url="https://prod.example", token=None)

    assert not path.exists()


def test_what_is_no_address_or_key_is_refused(path: Path) -> None:
    with pytest.raises(NotConfigured, match="not the address"):
        save_context(path, "prod", url="prod.example", token=None)
    with pytest.raises(NotConfigured, match="characters") as caught:
        save_context(path, "prod", url="https://prod.example", token="trs_se cret")

    assert "cret" not in str(caught.value)
    assert not path.exists()


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        '{"current": 1}',
        '{"contexts": []}',
        '{"contexts": {"prod": "https://prod.example"}}',
        '{"contexts": {"prod": {"token": "trs_hidden"}}}',
        '{"contexts": {"prod": {"url": "https://prod.example", "token": 1}}}',
        "\ud800".encode("utf-8", "surrogatepass"),
        '{"contexts": {"prod": {"url": "prod.example", "token": "trs_hidden"}}}',
        '{"contexts": {"prod": {"url": "https://prod.example", "token": "trs_hid den"}}}',
    ],
)
def test_a_broken_file_is_named_with_what_to_do_and_no_key_is_shown(path: Path, content: str | bytes) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())

    with pytest.raises(NotConfigured, match=r"contexts\.json") as caught:
        list_contexts(path)

    assert caught.value.advice
    assert "trs_hid" not in str(caught.value)


def test_a_broken_file_is_not_overwritten(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_text('{"contexts": ')

    with pytest.raises(NotConfigured, match="cannot be read"):
        save_context(path, "prod", url="https://prod.example", token=None)

    assert path.read_text() == '{"contexts": '


def test_a_current_context_that_is_gone_is_said(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_text('{"current": "gone", "contexts": {}}')

    assert list_contexts(path) == ()


def test_what_a_newer_version_wrote_is_kept(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_text('{"theme": "dark", "contexts": {"lab": {"url": "http://lab:1", "proxy": "x"}}}')

    save_context(path, "prod", url="https://prod.example", token=None)

    document = json.loads(path.read_text())
    assert document["theme"] == "dark"
    assert document["contexts"]["lab"]["proxy"] == "x"


def test_a_link_to_the_file_stays_a_link(path: Path, tmp_path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.symlink_to(tmp_path / "dotfiles.json")

    save_context(path, "prod", url="https://prod.example", token=None)

    assert path.is_symlink()
    assert names(path) == ["prod*"]


def test_a_reader_never_sees_half_a_file(path: Path) -> None:
    save_context(path, "prod", url="https://prod.example", token="t" * 20_000)
    done = threading.Event()

    def write() -> None:
        for number in range(100):
            save_context(path, "lab", url=f"http://lab:{number + 1}", token="t" * 20_000)
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    while not done.is_set():
        assert list_contexts(path)[-1].name == "prod"
    writer.join()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(NotConfigured, match="cannot be"):
        save_context(tmp_path / "file" / "contexts.json", "prod", url="https://prod.example", token=None)


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"XDG_CONFIG_HOME": "/x", "HOME": "/h"}, "/x/trainshed/contexts.json"),
        ({"XDG_CONFIG_HOME": "", "HOME": "/h"}, "/h/.config/trainshed/contexts.json"),
        ({"XDG_CONFIG_HOME": "relative", "HOME": "/h"}, "/h/.config/trainshed/contexts.json"),
    ],
)
def test_the_file_is_where_the_xdg_base_directories_say(environ: dict[str, str], expected: str) -> None:
    assert contexts_path(environ) == Path(expected)
    assert contexts_path({}) is None
