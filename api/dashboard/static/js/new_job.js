// A new job: one spec, written by a form and as text, whichever was touched last. The server checks it all the while.
import { Form, words } from "./form/form.js";
import { askJson } from "./rest.js";
import { toast } from "./toast.js";

const QUIET_MS = 400;
const text = document.getElementById("text");
const verdict = document.getElementById("verdict");
const problems = document.getElementById("problems");
const schema = await (await fetch(document.getElementById("editor").dataset.schema)).json();
const form = new Form(document.getElementById("form"), schema, () => touched("form"));
let source = "text";
let asked = 0;
let timer = null;
let checking = Promise.resolve(null);

function touched(by) {
  source = by;
  asked += 1;
  clearTimeout(timer);
  timer = setTimeout(check, QUIET_MS);
}

function body() {
  return source === "form" ? ["application/json", JSON.stringify(form.document)] : ["application/yaml", text.value];
}

// Return what the server says of the spec as it is now; null where it has changed meanwhile.
function check() {
  clearTimeout(timer);
  checking = send().catch((error) => say("wrong", error.message, []));
  return checking;
}

async function send() {
  const mine = asked;
  const [type, content] = body();
  const answer = await fetch("/jobs/new/check", { method: "POST", headers: { "Content-Type": type }, body: content });
  const found = await answer.json();
  if (mine !== asked) return null;
  if (!answer.ok) throw new Error(found.detail ?? `The server answered ${answer.status}.`);
  adopt(found);
  return found;
}

function adopt(found) {
  if (source === "form" && found.yaml !== null) text.value = found.yaml;
  if (source === "text" && found.document !== null) form.show(found.document);
  const errors = found.job ? [] : found.errors.length > 0 ? found.errors : [{ path: "", message: found.detail }];
  say(found.job ? "fine" : "wrong", found.job ? "This spec is fine." : found.detail, form.mark(errors));
  text.toggleAttribute("aria-invalid", found.document === null);
}

function say(kind, sentence, marked) {
  verdict.dataset.verdict = kind;
  if (verdict.textContent !== sentence) verdict.textContent = sentence;
  problems.replaceChildren(...marked.map(([error, place]) => line(error, place, sentence)).filter(Boolean));
}

function line(error, place, sentence) {
  if (error.path === "" && error.message === sentence) return null;
  const item = document.createElement("li");
  const link = item.appendChild(document.createElement("button"));
  link.type = "button";
  link.className = "link";
  link.textContent = `${error.path ? `${error.path}: ` : ""}${words(error)}`;
  link.addEventListener("click", () => (place ?? text).focus());
  return item;
}

// Return what the server says of the spec when nothing of it is still on its way.
async function settled() {
  for (;;) {
    const found = await check();
    if (found !== null) return found;
    if (verdict.dataset.verdict === "wrong") return null;
  }
}

async function dryRun() {
  const found = await settled();
  if (!found?.job) return toFirst();
  const { state, reason, pool, whole } = found.job;
  document.getElementById("outcome-words").textContent = `A submit would be accepted. In the pool ${pool} the job would be ${state}: it ${reason}. Nothing has been stored.`;
  document.getElementById("outcome-spec").textContent = whole;
  document.getElementById("outcome").showModal();
}

async function submit(button) {
  button.disabled = true;
  try {
    const found = await settled();
    if (!found?.job) return toFirst();
    const [type, content] = body();
    const made = await askJson("/jobs", { method: "POST", headers: { "Content-Type": type, "Idempotency-Key": crypto.randomUUID() }, body: content });
    location.assign(`/jobs/${made.id}`);
  } catch (error) {
    say("wrong", error.message, form.mark(error.problem?.errors ?? []));
  } finally {
    button.disabled = false;
  }
}

function toFirst() {
  problems.querySelector("button")?.click();
}

text.addEventListener("input", () => touched("text"));
document.getElementById("form").addEventListener("submit", (event) => event.preventDefault());
document.getElementById("dry-run").addEventListener("click", dryRun);
document.getElementById("submit").addEventListener("click", (event) => submit(event.currentTarget));
document.getElementById("copy").addEventListener("click", async () => {
  await navigator.clipboard.writeText(text.value);
  toast("Copied.");
});
await check();
