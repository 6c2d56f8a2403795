// Keys for who does not want to leave the keyboard. They rest while somebody types, and can be switched off.
const PLACES = { o: "/", j: "/jobs", d: "/datasets", w: "/workers" };
const OFF = "keys-off";
const dialog = document.getElementById("keys");
const box = document.getElementById("keys-on");
let began = 0;

const isTyping = (target) => target.closest("input:not([type=checkbox], [type=range]), textarea, select, [contenteditable], dialog[open]") !== null;
const links = () => [...document.querySelectorAll("[data-row] a:first-of-type")];

function step(by) {
  const all = links();
  if (all.length === 0) return;
  const row = document.activeElement?.closest("[data-row]");
  const at = all.findIndex((link) => row?.contains(link));
  all[Math.min(all.length - 1, Math.max(0, at + by))].focus();
}

const DEEDS = {
  "?": () => dialog?.showModal(),
  "/": () => document.querySelector("main input[type=search]")?.focus(),
  j: () => step(1),
  k: () => step(-1),
  x: () => document.activeElement?.closest("[data-row]")?.querySelector("input[type=checkbox]")?.click(),
  g: () => (began = Date.now()),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || isTyping(event.target)) return;
  if (localStorage.getItem(OFF) && event.key !== "?") return;
  const place = Date.now() - began < 1_500 ? PLACES[event.key] : undefined;
  began = 0;
  if (place) return location.assign(place);
  const deed = DEEDS[event.key];
  if (!deed) return;
  event.preventDefault();
  deed();
});

if (box) {
  box.checked = !localStorage.getItem(OFF);
  box.addEventListener("change", () => (box.checked ? localStorage.removeItem(OFF) : localStorage.setItem(OFF, "yes")));
}
document.querySelector("[data-keys]")?.addEventListener("click", () => dialog?.showModal());
