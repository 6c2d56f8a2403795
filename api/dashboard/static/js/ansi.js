// The colours that programs print (ECMA-48 SGR), as classes. Text is only ever text.
const ESCAPE = /\x1b\[([0-9;]*)([A-Za-z])|\x1b\][^\x07]*\x07/g;

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

  select(codes) {
    for (const code of codes.split(";").map(Number)) {
      if (code === 0) this.style.clear();
      else if (code >= 1 && code <= 4) this.style.add(`a${code}`);
      else if (code === 39) this.color(null);
      else if (code >= 30 && code <= 37) this.color(code - 30);
      else if (code >= 90 && code <= 97) this.color(code - 82);
    }
  }

  color(number) {
    for (const name of this.style) if (name.startsWith("f")) this.style.delete(name);
    if (number !== null) this.style.add(`f${number}`);
  }
}
