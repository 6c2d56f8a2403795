// A link that works once carries its ticket behind the #, which no server sees before this sends it.
const form = document.getElementById("sign-in");
const ticket = new URLSearchParams(location.hash.slice(1)).get("ticket");
if (ticket) {
  history.replaceState(null, "", location.pathname);
  form.elements.ticket.value = ticket;
  form.submit();
}
const local = ["127.0.0.1", "localhost", "[::1]"].includes(location.hostname);
document.getElementById("insecure").hidden = local || location.protocol === "https:";
