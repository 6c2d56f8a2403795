// Says shortly what has happened.
const STAYS_MS = 6_000;

export function toast(text) {
  const line = document.createElement("p");
  line.textContent = text;
  document.getElementById("toasts").append(line);
  setTimeout(() => line.remove(), STAYS_MS);
}
