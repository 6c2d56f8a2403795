// The colours that programs print (ECMA-48 SGR), as classes. Text is only ever text.
const ESCAPE = /\x1b\[([0-?]*)[ -/]*([@-~])|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)/g;

export class Painter {
  constructor() {
    this.style = new Set();
  }

  // Append a line to `parent` as spans.
  paint(line, parent) {
    let from = 0;
    for (const found of line.matchAll(ESCAPE)) {
      this.append(line.slice(from, found.index), parent);
      if (found[2] === "m") this.select(found[1]);
      from = found.index + found[0].length;
    }
    this.append(line.slice(from), parent);
  }

  append(text, parent) {
    if (text === "") return;
    if (this.style.size === 0) return parent.append(text);
    const span = document.createElement("span");
    span.className = [...this.style].join(" ");
    span.textContent = text;
    parent.append(span);
  }

  select(text) {
    const codes = text.split(";").map(Number);
    while (codes.length > 0) {
      const code = codes.shift();
      if (code === 0) this.style.clear();
      else if (code >= 1 && code <= 4) this.style.add(`a${code}`);
      else if (code === 22) this.remove(["a1", "a2"]);
      else if (code === 23 || code === 24) this.remove([`a${code - 20}`]);
      else if (code === 38) this.color("f", extended(codes));
      else if (code === 48) this.color("b", extended(codes));
      else if (code === 39) this.color("f", null);
      else if (code === 49) this.color("b", null);
      else if (code >= 30 && code <= 37) this.color("f", code - 30);
      else if (code >= 40 && code <= 47) this.color("b", code - 40);
      else if (code >= 90 && code <= 97) this.color("f", code - 82);
      else if (code >= 100 && code <= 107) this.color("b", code - 92);
    }
  }

  color(kind, number) {
    this.remove([...this.style].filter((name) => name.startsWith(kind)));
    if (number !== null) this.style.add(`${kind}${number}`);
  }

  remove(names) {
    for (const name of names) this.style.delete(name);
  }
}

// One of 256 colours (5;n), or any (2;r;g;b): the one of the sixteen that comes nearest, so that it can be read in light
// and dark. Takes its numbers off `codes`.
function extended(codes) {
  const kind = codes.shift();
  if (kind === 2) return nearest(codes.splice(0, 3));
  const number = kind === 5 ? codes.shift() : undefined;
  if (!(number >= 0 && number < 256)) return null;
  if (number < 16) return number;
  if (number >= 232) return number < 244 ? 8 : 7;
  const cube = number - 16;
  return nearest([Math.floor(cube / 36), Math.floor(cube / 6) % 6, cube % 6].map((part) => part * 51));
}

function nearest([red, green, blue]) {
  const most = Math.max(red, green, blue);
  if (!(most >= 64)) return 0;
  return (red > most / 2 ? 1 : 0) + (green > most / 2 ? 2 : 0) + (blue > most / 2 ? 4 : 0);
}
