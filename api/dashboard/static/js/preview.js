// Looks into an artifact: pictures as pictures, all else as text. Nothing of it is ever run.
import { rows } from "./csv.js";
import { ask } from "./rest.js";

const MOST_ROWS = 200;
const MOST_TEXT = 1 << 18;
const MOST_PICTURE = 1 << 24;
const PICTURES = { png: "image/png", jpg: "image/jpeg", jpeg: "image/jpeg", gif: "image/gif", webp: "image/webp", svg: "image/svg+xml" };
const TEXTS = new Set(["json", "jsonl", "csv", "tsv", "txt", "log", "md", "yaml", "yml", "py", "html", "toml", "ini", "xml"]);

export class Preview {
  constructor(jobId) {
    this.jobId = jobId;
    this.dialog = document.getElementById("preview");
    this.title = document.getElementById("preview-title");
    this.body = document.getElementById("preview-body");
    document.addEventListener("click", (event) => {
      const button = event.target.closest("[data-preview]");
      if (button) this.open(button.dataset.preview, Number(button.dataset.size));
    });
    this.dialog.addEventListener("close", () => this.body.replaceChildren());
  }

  async open(path, size) {
    this.title.textContent = path;
    this.body.textContent = "Loading…";
    this.dialog.showModal();
    const kind = path.split(".").pop().toLowerCase();
    try {
      this.body.replaceChildren(await this.content(path, kind, size));
    } catch (error) {
      this.body.textContent = error.message;
    }
  }

  async content(path, kind, size) {
    const place = `/jobs/${this.jobId}/artifacts/${path.split("/").map(encodeURIComponent).join("/")}`;
    if (kind in PICTURES && size <= MOST_PICTURE) return picture(await (await ask(place)).arrayBuffer(), PICTURES[kind], path);
    if (!TEXTS.has(kind)) return say("No preview of this kind of file. Download it to look into it.");
    const range = size > MOST_TEXT ? { Range: `bytes=0-${MOST_TEXT - 1}` } : {};
    const text = await (await ask(place, { headers: range })).text();
    if (kind === "csv" || kind === "tsv") return table(text, kind === "csv" ? "," : "\t");
    return lines(kind === "json" && size <= MOST_TEXT ? pretty(text) : text);
  }
}

function picture(bytes, type, path) {
  const image = new Image();
  image.alt = path;
  image.src = URL.createObjectURL(new Blob([bytes], { type }));
  image.onload = () => URL.revokeObjectURL(image.src);
  return image;
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

function lines(text) {
  const block = document.createElement("pre");
  block.textContent = text;
  return block;
}

function say(text) {
  const line = document.createElement("p");
  line.textContent = text;
  return line;
}

function table(text, separator) {
  const made = document.createElement("table");
  for (const cells of rows(text, separator, MOST_ROWS)) {
    const row = made.insertRow();
    for (const cell of cells) row.insertCell().textContent = cell;
  }
  return made;
}
