"""What happens to all jobs of the project: each event once, and none left out."""

from __future__ import annotations

import itertools
import json

from tests.client.documents import event
from tests.client.scripted import Answer, ScriptedServer, as_json
from trainshed import Client

EVENTS = "/api/v1/events"


def page(*seqs: int, cursor: str) -> Answer:
    return as_json({"items": [event(seq) for seq in seqs], "next_cursor": cursor})


def stream(*seqs: int, begun: str | None = None, broken: bool = False) -> Answer:
    body = b"".join(f"id: p{seq}\nevent: start\ndata: {json.dumps(event(seq))}\n\n".encode() for seq in seqs)
    headers = {"Content-Type": "text/event-stream"} | ({"Trainshed-Cursor": begun} if begun else {})
    return Answer(200, b": stands\n\n" + body, headers, broken=broken)


def cursors(server: ScriptedServer) -> list[str | None]:
    return [asked.headers.get("last-event-id") for asked in server.asked]


def test_a_list_goes_on_until_it_stands_still(server: ScriptedServer, client: Client) -> None:
    """A short page is no end, and an empty one that goes on is none either."""
    server.on("GET", EVENTS, page(1, 2, cursor="c1"), page(cursor="c2"), page(3, cursor="c3"), page(cursor="c3"))

    found = [*client.project_events(follow=False)]

    assert [each.seq for each in found] == [1, 2, 3]
    assert [each.cursor for each in found] == [None, "c1", "c3"]
    assert [asked.query.get("after") for asked in server.asked] == [None, ["c1"], ["c2"], ["c3"]]


def test_a_list_begins_after_a_cursor(server: ScriptedServer, client: Client) -> None:
    server.on("GET", EVENTS, page(cursor="c9"))

    assert [*client.project_events(follow=False, after="c9")] == []
    assert [asked.query["after"] for asked in server.asked] == [["c9"]]


def test_a_stream_is_resumed_after_the_last_event(server: ScriptedServer, client: Client) -> None:
    server.on("GET", EVENTS, stream(1, 2, broken=True), Answer(503), stream(2, 3), stream(4))

    found = [*itertools.islice(client.project_events(), 4)]

    assert [each.seq for each in found] == [1, 2, 3, 4]
    assert [each.cursor for each in found] == ["p1", "p2", "p3", "p4"]
    assert cursors(server) == [None, "p2", "p2", "p3"]


def test_a_stream_that_drops_before_its_first_event_is_resumed_where_it_began(
    server: ScriptedServer, client: Client
) -> None:
    server.on("GET", EVENTS, stream(begun="c7", broken=True), stream(8))

    assert next(client.project_events()).seq == 8
    assert cursors(server) == [None, "c7"]


def test_a_stream_begins_after_a_cursor(server: ScriptedServer, client: Client) -> None:
    server.on("GET", EVENTS, stream(8))

    assert next(client.project_events(after="c7")).cursor == "p8"
    assert cursors(server) == ["c7"]
