// The spec: copied, or edited and submitted as a new job.
import { ask, askJson } from "./rest.js";
import { toast } from "./toast.js";

const YAML = { "Content-Type": "application/yaml" };

export function setUpSpec(jobId) {
  const shown = document.getElementById("spec");
  document.querySelector("[data-copy]").addEventListener("click", async () => {
    await navigator.clipboard.writeText(shown.textContent);
    toast("Copied.");
  });
  const form = document.getElementById("spec-form");
  if (!form) return;
  const text = document.getElementById("spec-text");
  document.getElementById("clone-spec").addEventListener("click", () =>
    attempt(async () => {
      const made = await askJson(`/jobs/${jobId}/clone`, { method: "POST" });
      location.assign(`/jobs/${made.id}`);
    }),
  );
  const edit = (on) => {
    form.hidden = !on;
    shown.hidden = on;
  };
  document.getElementById("edit-spec").addEventListener("click", () => {
    text.value = shown.textContent;
    edit(true);
    text.focus();
  });
  document.getElementById("spec-leave").addEventListener("click", () => edit(false));
  document.getElementById("spec-check").addEventListener("click", () =>
    attempt(async () => {
      await ask("/jobs?dry_run=true", { method: "POST", headers: YAML, body: text.value });
      toast("This spec is fine.");
    }),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(async () => {
      const made = await askJson("/jobs", { method: "POST", headers: YAML, body: text.value });
      location.assign(`/jobs/${made.id}`);
    });
  });
}

async function attempt(work) {
  const problems = document.getElementById("spec-problems");
  problems.replaceChildren();
  try {
    await work();
  } catch (error) {
    if (problems.closest("form").hidden) toast(error.message);
    const found = error.problem?.errors?.length ? error.problem.errors : [{ path: "", message: error.message }];
    for (const one of found) {
      const line = problems.appendChild(document.createElement("p"));
      line.className = "problem";
      line.textContent = `${one.path ? `${one.path}: ` : ""}${one.message}${one.suggestion ? ` (did you mean ${one.suggestion}?)` : ""}`;
    }
  }
}
