// Tokens: made, shown once, revoked.
import { ask, askJson } from "./rest.js";
import { toast } from "./toast.js";

const form = document.getElementById("new-token");
const secret = document.getElementById("secret");
const key = document.getElementById("secret-key");
const revoke = document.getElementById("revoke");
let chosen = null;

function refresh() {
  return htmx.ajax("GET", "/tokens", { target: "#tokens", swap: "innerHTML" });
}

function wanted() {
  const fields = new FormData(form);
  const scopes = fields.getAll("scopes");
  return {
    name: fields.get("name"),
    role: fields.get("role"),
    ...(fields.get("expires_in") && { expires_in: fields.get("expires_in") }),
    ...(scopes.length > 0 && { scopes }),
  };
}

function complain(error) {
  for (const one of form.querySelectorAll(".problem")) one.textContent = "";
  for (const one of error?.problem?.errors ?? []) {
    const line = document.getElementById(`${one.path}-problem`);
    if (line) line.textContent = one.message;
  }
  document.getElementById("token-problem").textContent = error?.message ?? "";
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  complain(null);
  try {
    const made = await askJson("/tokens", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(wanted()) });
    document.getElementById("secret-name").textContent = made.name;
    key.textContent = made.key;
    secret.showModal();
    form.reset();
    await refresh();
  } catch (error) {
    complain(error);
  }
});

secret.addEventListener("close", () => (key.textContent = ""));
document.getElementById("secret-copy").addEventListener("click", async () => {
  await navigator.clipboard.writeText(key.textContent);
  toast("Copied.");
});

document.getElementById("tokens").addEventListener("click", (event) => {
  const { revoke: id, name, own } = event.target.dataset;
  if (!id) return;
  chosen = id;
  document.getElementById("revoke-name").textContent = name;
  document.getElementById("revoke-own").hidden = own !== "yes";
  revoke.returnValue = "";
  revoke.showModal();
});

revoke.addEventListener("close", async () => {
  if (revoke.returnValue !== "revoke") return;
  try {
    await ask(`/tokens/${chosen}`, { method: "DELETE" });
    toast("Revoked.");
    await refresh();
  } catch (error) {
    toast(error.message);
  }
});
