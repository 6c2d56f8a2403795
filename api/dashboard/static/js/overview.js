// The first page: looks again when something has happened in the project, and every few seconds for what is no event.
import { Live } from "./live.js";
import { ask } from "./rest.js";
import { toast } from "./toast.js";

const LEAST_MS = 1_500;
const EVERY_MS = 5_000;
const overview = document.getElementById("overview");
let shownAt = Date.now();

async function refresh() {
  if (document.hidden) return;
  const place = overview.querySelector(".attention")?.scrollTop ?? 0;
  await htmx.ajax("GET", "/", { target: "#overview", swap: "innerHTML" });
  const list = overview.querySelector(".attention");
  if (list) list.scrollTop = place;
  shownAt = Date.now();
}

overview.addEventListener("click", async (event) => {
  const { verb, id } = event.target.dataset;
  if (!verb) return;
  event.target.disabled = true;
  try {
    await ask(`/jobs/${id}/${verb}`, { method: "POST" });
    toast(verb === "retry" ? "Submitted again, as a new job." : "Asked to cancel.");
  } catch (error) {
    toast(error.message);
  }
  await refresh();
});

new Live("/live/project", refresh, { leastMs: LEAST_MS });
// Progress, and what a worker says of itself, are no events of the project.
setInterval(() => Date.now() - shownAt >= EVERY_MS && refresh(), EVERY_MS);
document.addEventListener("visibilitychange", refresh);
