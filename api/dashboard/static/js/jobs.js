// The list: rows that stay true, a selection that survives it, and what is done with many at once.
import { Live } from "./live.js";
import { ask } from "./rest.js";
import { toast } from "./toast.js";

const AT_ONCE = 4;
const WHILE_RUNNING_MS = 3_000;
const rows = document.getElementById("rows");
const bulk = document.getElementById("bulk");
const selected = new Set();

async function refresh() {
  if (document.hidden) return;
  await htmx.ajax("GET", rows.dataset.at, { target: "#rows", swap: "innerHTML" });
}

function boxes() {
  return [...rows.querySelectorAll("tbody input[type=checkbox]")];
}

function showSelection() {
  for (const box of boxes()) box.checked = selected.has(box.value);
  const all = document.getElementById("all");
  if (all) all.checked = boxes().length > 0 && boxes().every((box) => box.checked);
  bulk.hidden = selected.size === 0;
  bulk.querySelector("[data-count]").textContent = String(selected.size);
}

rows.addEventListener("change", (event) => {
  const changed = event.target.id === "all" ? boxes() : [event.target];
  for (const box of changed) selected[event.target.checked ? "add" : "delete"](box.value);
  showSelection();
});
document.addEventListener("htmx:afterSwap", showSelection);

async function doWithAll(verb) {
  const waiting = [...selected];
  const refused = [];
  let done = 0;
  const work = async () => {
    for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
      try {
        await ask(`/jobs/${id}/${verb}`, { method: "POST" });
        done += 1;
        selected.delete(id);
      } catch (error) {
        refused.push(error.message);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  toast(`${done} ${verb === "cancel" ? "cancelled" : "submitted again"}.${refused.length ? ` ${refused.length} not: ${refused[0]}` : ""}`);
  showSelection();
  await refresh();
}

bulk.addEventListener("click", (event) => {
  const verb = event.target.dataset.verb;
  if (verb === "none") selected.clear();
  else if (verb === "compare") location.assign(`/compare?jobs=${[...selected].join(",")}`);
  else if (verb) doWithAll(verb);
  showSelection();
});

// Empty fields need not be in the address.
document.getElementById("filters").addEventListener("formdata", (event) => {
  for (const [name, value] of [...event.formData]) if (value === "") event.formData.delete(name);
});
for (const input of document.querySelectorAll("#filters select, #filters input[type=checkbox]")) {
  input.addEventListener("change", () => input.form.requestSubmit());
}

new Live("/live/project", refresh, { leastMs: 700 });
// Progress is no event of the project: while something runs, look again.
setInterval(() => rows.querySelector('[data-state="running"]') && refresh(), WHILE_RUNNING_MS);
document.addEventListener("visibilitychange", refresh);
