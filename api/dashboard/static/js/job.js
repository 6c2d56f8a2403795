// One job's page: looks again at what has changed whenever the stream says that something has.
import { Charts } from "./charts.js";
import { showEvaluation } from "./evaluation.js";
import { Live } from "./live.js";
import { Log } from "./log.js";
import { Preview } from "./preview.js";
import { Resources } from "./resources.js";
import { ask, askJson } from "./rest.js";
import { setUpSpec } from "./spec.js";
import { toast } from "./toast.js";

const LATE_LOG_MS = 3_500;
const WHY_MS = 5_000;
const RESOURCES_MS = 5_000;
const WAITING = new Set(["blocked", "queued"]);
const OVER = new Set(["succeeded", "failed", "cancelled"]);
const job = document.getElementById("job");
const jobId = job.dataset.job;
const charts = new Charts(jobId);
const resources = new Resources(jobId);
const log = new Log(jobId);
let known = { version: -1, log_bytes: -1, attempt: -1 };

async function changed(mark) {
  const before = known;
  if (mark.version !== before.version || mark.attempt !== before.attempt) {
    if (before.version !== -1) await htmx.ajax("GET", `/jobs/${jobId}`, { target: "#job", swap: "innerHTML" });
    await charts.read();
  }
  if (mark.attempt !== before.attempt || mark.state !== before.state) await resources.read();
  await log.changed(mark.attempt);
  known = mark;
  if (OVER.has(mark.state)) await finish();
}

// What a lost worker handed in late, and the evaluation, come after the end.
async function finish() {
  live.close("finished");
  if (document.querySelector('[data-preview="evaluation.json"]')) await showEvaluation(jobId);
  setTimeout(() => log.read(), LATE_LOG_MS);
}

async function act(verb) {
  try {
    if (verb === "delete") {
      if (!confirm("Delete this job with its log, metrics and artifacts?")) return;
      await ask(`/jobs/${jobId}`, { method: "DELETE" });
      location.assign("/jobs");
    } else if (verb === "retry") {
      const made = await askJson(`/jobs/${jobId}/retry`, { method: "POST" });
      location.assign(`/jobs/${made.id}`);
    } else {
      await ask(`/jobs/${jobId}/${verb}`, { method: "POST" });
      toast(`Asked to ${verb}.`);
    }
  } catch (error) {
    toast(error.message);
  }
}

job.addEventListener("click", (event) => {
  const verb = event.target.dataset.verb;
  if (verb) act(verb);
});
// Other jobs and workers move a job that waits closer to its turn, which is no event of its own.
setInterval(() => {
  if (!document.hidden && WAITING.has(known.state)) htmx.ajax("GET", `/jobs/${jobId}/why`, { target: "#why", swap: "innerHTML" });
}, WHY_MS);
setInterval(() => !document.hidden && known.state === "running" && resources.read().catch(() => null), RESOURCES_MS);
new Preview(jobId);
setUpSpec(jobId);
const live = new Live(`/live/jobs/${jobId}`, changed);
