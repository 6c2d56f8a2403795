"""Text of strangers stays text, on every page: nothing runs, and the content security policy has nothing to refuse.

What the API would not take (names, labels, pools) is written into the rows: pages must not rely on that.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import text

from db.engine import open_database
from tests.dashboard.conftest import Seen
from tests.dashboard.test_first_load import pages_with
from tests.system.platform import Platform

CORPUS = (
    "<script>alert('ran')</script>",
    "<img src=x onerror=alert('ran')>",
    "<svg onload=alert('ran')><a xlink:href='javascript:alert(1)'>",
    "\"><iframe srcdoc='<script>parent.alert(1)</script>'></iframe>",
    "' autofocus onfocus=alert('ran') x='",
    "</title></textarea></style></script><script>alert('ran')</script>",
    "javascript:alert('ran')//",
    "{{ 7 * 7 }}{% set x = 1 %}${alert('ran')}",
    "<base href='https://evil.example/'><meta http-equiv=refresh content='0;url=https://evil.example/'>",
    "<form action=https://evil.example><button hx-get=/ hx-on:click=alert(1) hx-trigger=load>",
    "&lt;b&gt; &#60;script&#62; %3Cscript%3E \u202egnp.exe\u200b \U0001f642",
    "\x1b]8;;javascript:alert(1)\x07link\x1b]8;;\x07 \x1b[31m<b>red</b>\x1b[0m",
)
ALL = " ".join(CORPUS)
IN_A_ROW = ALL.replace("\x1b", "").replace("\x07", "")
SERIES = [one.replace("\x1b", "").replace("\x07", "")[:200] for one in CORPUS]
QUOTED = [one.replace('"', '""').replace("\0", "") for one in CORPUS]
SAYS = f"""
import json, os
corpus = json.loads({json.dumps(json.dumps(CORPUS))})
series = json.loads({json.dumps(json.dumps(SERIES))})
print(*corpus, sep="\\n", flush=True)
with open(os.environ["TRAINSHED_REPORT_FILE"], "a") as file:
    for step in range(3):
        file.write(json.dumps({{"frame": "metrics", "points": [[name, step, step / 2] for name in series]}}) + "\\n")
raise SystemExit("error: " + corpus[1])
"""
WITNESS = """
window.refused = [];
document.addEventListener("securitypolicyviolation", (event) => window.refused.push(event.violatedDirective));
"""

WRITTEN = (
    "UPDATE job SET name = :all, message = :all, labels = :labels WHERE id IN (:job, :waits)",
    "UPDATE job SET pool = :all WHERE id = :waits",
    "UPDATE event SET message = :all, cause = :all WHERE job_id = :job",
    "UPDATE attempt SET message = :all, worker_name = :all WHERE job_id = :job",
    """
    INSERT INTO worker (id, name, host, pid, pool, state, slots, busy, cpus, memory_bytes, gpus, sandbox, runs_commands,
        lost, versions, started_at, last_seen_at)
    SELECT 'wrk_hostile', :all, :all, 1, :all, 'gone', 1, 0, 1.0, 1, 0, :all, 1, 1, '{}', started_at, last_seen_at
    FROM worker LIMIT 1
    """,
)


@pytest.fixture
def hostile(stack: Platform) -> Iterator[str]:
    """A job that failed and all of whose texts are hostile, beside a pool, a worker and a waiting job of that kind."""
    env = {f"TEXT_{number}": one.replace("\x1b", "").replace("\x07", "") for number, one in enumerate(CORPUS)}
    job_id = stack.command("python3", "-c", SAYS, env=env)
    waits = stack.submit({"kind": "command", "name": "waits", "command": ["true"], "resources": {"pool": "nobody"}})
    stack.wait(job_id)
    for number, one in enumerate((*CORPUS[:4], CORPUS[10])):
        name = "".join(character for character in one if character.isprintable() and character not in "/ ")
        for ending in ("html", "svg", "csv"):
            put = stack.http.put(f"/jobs/{job_id}/artifacts/{number}-{quote(name)}.{ending}", content=ALL.encode())
            assert put.status_code == 201, put.text
    table = "\n".join(",".join(f'"{one}"' for one in row) for row in ([*QUOTED], *[[*reversed(QUOTED)]] * 30))
    stack.dataset("hostile", table.encode(), filename=CORPUS[1].replace("/", "-"))
    stack.wait(stack.http.get("/datasets/hostile").json()["latest"]["profile_job"])
    stack.http.post("/tokens", json={"name": CORPUS[1], "role": "viewer"})
    database = open_database(stack.env["TRAINSHED_DATABASE_URL"])
    words = {"all": IN_A_ROW, "labels": json.dumps(dict.fromkeys(CORPUS[:3], IN_A_ROW)), "job": job_id, "waits": waits}
    with database.begin() as conn:
        for sql in WRITTEN:
            conn.execute(text(sql), words)
    yield job_id
    with database.begin() as conn:
        conn.execute(text("DELETE FROM worker WHERE id = 'wrk_hostile'"))
        conn.execute(
            text("UPDATE job SET pool = 'nobody', name = 'was-hostile', labels = '{}' WHERE id = :id"), {"id": waits}
        )
    database.close()
    stack.http.post(f"/jobs/{waits}/cancel")


def test_hostile_text_stays_text_on_every_page(page: Page, hostile: str, seen: Seen) -> None:
    page.add_init_script(WITNESS)
    asked = (
        f"/jobs?text={CORPUS[0]}&label=a={CORPUS[1]}",
        f"/jobs/{quote(CORPUS[1])}",
        f"/compare?jobs={hostile},{CORPUS[1]}",
        f"/jobs/new?clone={hostile}",
        f"/sign-in?next={CORPUS[1]}",
    )
    for place in (*pages_with(hostile, "hostile"), *asked):
        page.goto(place)
        expect(page.locator("body")).not_to_be_empty()
        assert unharmed(page), place
    seen.forgive_refusals()  # of a job that is named like a script
    page.goto(f"/jobs/{hostile}")
    expect(page.locator("#log")).to_contain_text(CORPUS[0])
    expect(page.locator("#log .f1")).to_have_text("<b>red</b>")
    expect(page.locator(".reasons .evidence")).to_contain_text(CORPUS[1])
    expect(page.get_by_role("heading", name=CORPUS[0], exact=True)).to_be_visible()
    expect(page.locator("#spec")).to_contain_text("onerror=alert")
    page.fill("#log-search", "<script>")
    for preview in page.locator("[data-preview]").all()[:6]:
        preview.click()
        expect(page.locator("#preview-body :is(pre, img, table, p)").first).to_be_attached()
        page.keyboard.press("Escape")
    assert unharmed(page)


def unharmed(page: Page) -> bool:
    """Whether all that is marked up is ours: no element that a corpus would make, and nothing that was refused."""
    made = "script, iframe, base, meta, [onerror], [onload], [onfocus], [hx-on\\\\:click], a[href^='javascript:']"
    made = f"main :is({made})"
    return page.evaluate(f"window.refused.length === 0 && document.querySelector({json.dumps(made)}) === null") is True
