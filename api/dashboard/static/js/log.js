// What a job prints: read by offset, so that nothing is missed or doubled, whatever happens to the connection.
import { Painter } from "./ansi.js";
import { ask } from "./rest.js";
import { toast } from "./toast.js";

const FIRST_LINES = 2_000;
const MOST_LINES = 5_000;
const PIECE_BYTES = 1 << 18;
const SAVED_AT_ONCE = 1 << 23;

export class Log {
  constructor(jobId) {
    this.jobId = jobId;
    this.box = document.getElementById("log");
    this.follow = document.getElementById("log-follow");
    this.picker = document.getElementById("log-attempt");
    this.search = document.getElementById("log-search");
    this.found = document.getElementById("log-found");
    this.download = document.getElementById("log-download");
    this.pinned = false;
    this.begin(null);
    this.picker.addEventListener("change", () => {
      this.pinned = this.picker.selectedIndex > 0;
      this.begin(Number(this.picker.value));
      this.read();
    });
    this.box.addEventListener("scroll", () => {
      this.follow.checked = this.box.scrollHeight - this.box.scrollTop - this.box.clientHeight < 40;
    });
    this.follow.addEventListener("change", () => this.scroll());
    this.search.addEventListener("input", () => this.mark());
    this.download.addEventListener("click", () => this.save());
    document.getElementById("log-next").addEventListener("click", () => this.next());
    this.search.addEventListener("keydown", (event) => event.key === "Enter" && this.next());
  }

  begin(attempt) {
    this.attempt = attempt;
    this.offset = null;
    this.decoder = new TextDecoder();
    this.painter = new Painter();
    this.open = null;
    this.returned = false;
    this.empty = true;
    this.matches = [];
  }

  // `latest`: number of the latest attempt. A new one takes the place of the one before, unless one was picked by hand.
  async changed(latest) {
    this.offer(latest);
    if (latest > 0 && this.attempt !== latest && !this.pinned) this.begin(latest);
    await this.read();
  }

  offer(latest) {
    while (this.picker.options.length < latest) {
      const option = new Option(String(this.picker.options.length + 1));
      this.picker.prepend(option);
      if (!this.pinned) this.picker.selectedIndex = 0;
    }
  }

  async read() {
    if (this.attempt === null || this.reading) return;
    this.reading = true;
    try {
      while (await this.readPiece());
    } finally {
      this.reading = false;
    }
  }

  // Return whether there may be more.
  async readPiece() {
    const attempt = this.attempt;
    const place = this.offset === null ? `tail=${FIRST_LINES}` : `offset=${this.offset}`;
    const answer = await ask(`/jobs/${this.jobId}/logs?attempt=${attempt}&${place}&limit=${PIECE_BYTES}`);
    const bytes = new Uint8Array(await answer.arrayBuffer());
    if (attempt !== this.attempt) return true;
    this.offset = Number(answer.headers.get("Trainshed-Log-Next-Offset"));
    if (bytes.length > 0) this.append(this.decoder.decode(bytes, { stream: true }));
    return bytes.length >= PIECE_BYTES / 2;
  }

  // One answer holds 8 MiB at most; a log is saved whole.
  async save() {
    const attempt = this.attempt;
    if (attempt === null) return;
    this.download.disabled = true;
    try {
      const pieces = [];
      for (let offset = 0, more = true; more; ) {
        const answer = await ask(`/jobs/${this.jobId}/logs?attempt=${attempt}&offset=${offset}&limit=${SAVED_AT_ONCE}`);
        const bytes = await answer.arrayBuffer();
        pieces.push(bytes);
        offset += bytes.byteLength;
        more = bytes.byteLength === SAVED_AT_ONCE;
      }
      const link = document.createElement("a");
      link.download = `${this.jobId}-${attempt}.log`;
      link.href = URL.createObjectURL(new Blob(pieces, { type: "text/plain" }));
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    } catch (error) {
      toast(error.message);
    } finally {
      this.download.disabled = false;
    }
  }

  append(text) {
    if (this.empty) this.box.replaceChildren();
    this.empty = false;
    const lines = text.split("\n");
    lines.forEach((line, index) => {
      if (line === "" && index === lines.length - 1) return;
      this.open ??= this.box.appendChild(document.createElement("div"));
      this.overwrite(line);
      if (index < lines.length - 1) {
        if (!this.open.hasChildNodes()) this.open.append("\n");
        this.open = null;
        this.returned = false;
      }
    });
    while (this.box.childElementCount > MOST_LINES) this.box.firstElementChild.remove();
    if (this.search.value) this.mark();
    this.scroll();
  }

  // A carriage return goes back to the begin of the line, and what comes next takes its place: of a progress bar the
  // last state is seen. One that ends a line, or a piece, takes nothing away yet.
  overwrite(line) {
    line.split("\r").forEach((part, index) => {
      if (index > 0) this.returned = true;
      if (part === "") return;
      if (this.returned) this.open.replaceChildren();
      this.returned = false;
      this.painter.paint(part, this.open);
    });
  }

  scroll() {
    if (this.follow.checked) this.box.scrollTop = this.box.scrollHeight;
  }

  // Whole lines are marked: a match may run across colours.
  mark() {
    const wanted = this.search.value.toLowerCase();
    this.matches = [];
    for (const line of this.box.children) {
      const hit = wanted !== "" && line.textContent.toLowerCase().includes(wanted);
      line.classList.toggle("hit", hit);
      line.classList.remove("now");
      if (hit) this.matches.push(line);
    }
    this.found.textContent = wanted === "" ? "" : `${this.matches.length} lines`;
    this.at = -1;
  }

  next() {
    if (this.matches.length === 0) return;
    this.matches[this.at]?.classList.remove("now");
    this.at = (this.at + 1) % this.matches.length;
    this.matches[this.at].classList.add("now");
    this.follow.checked = false;
    this.matches[this.at].scrollIntoView({ block: "center" });
  }
}
