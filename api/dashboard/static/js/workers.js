// Lets a worker rest, or take jobs again.
import { ask } from "./rest.js";
import { toast } from "./toast.js";

document.getElementById("workers").addEventListener("click", async (event) => {
  const { verb, id } = event.target.dataset;
  if (!verb) return;
  try {
    await ask(`/workers/${id}/${verb}`, { method: "POST" });
    toast(verb === "drain" ? "It takes no new job; what it runs goes on." : "It takes jobs again.");
    htmx.ajax("GET", "/workers", { target: "#workers", swap: "innerHTML" });
  } catch (error) {
    toast(error.message);
  }
});
