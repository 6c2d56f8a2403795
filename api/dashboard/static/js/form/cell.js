// A place in the document that a form writes. What is not said is not there: a value taken back takes its empty holders along.

export class Cell {
  constructor(parent, key, { optional = true } = {}) {
    this.parent = parent;
    this.key = key;
    this.optional = optional;
    this.order = null;
  }

  // As the server names it in its errors: training.epochs, preprocess[1].height.
  get path() {
    const before = this.parent.path;
    if (typeof this.key === "number") return `${before}[${this.key}]`;
    return before ? `${before}.${this.key}` : this.key;
  }

  get value() {
    return this.parent.value?.[this.key];
  }

  set value(value) {
    if (value === undefined) return this.clear();
    const holder = this.parent.holder(typeof this.key === "number");
    holder[this.key] = value;
    this.parent.sort();
    this.parent.changed();
  }

  clear() {
    const holder = this.parent.value;
    if (holder === undefined || holder === null) return;
    delete holder[this.key];
    if (Object.keys(holder).length === 0) this.parent.emptied();
    this.parent.changed();
  }

  emptied() {
    if (this.optional) this.clear();
  }

  holder(asList) {
    const found = this.value;
    if (typeof found === "object" && found !== null) return found;
    this.value = asList ? [] : {};
    return this.value;
  }

  // Fields stand in the order of the schema, in whichever order they were written.
  sort() {
    if (!this.order) return;
    const found = this.value;
    const known = this.order.filter((name) => name in found);
    const others = Object.keys(found).filter((name) => !this.order.includes(name));
    const copy = Object.fromEntries([...known, ...others].map((name) => [name, found[name]]));
    for (const name of Object.keys(found)) delete found[name];
    Object.assign(found, copy);
  }

  changed() {
    this.parent.changed();
  }

  child(key, options) {
    return new Cell(this, key, options);
  }
}

export class Root extends Cell {
  constructor(document, onChange) {
    super(null, "", { optional: false });
    this.document = document;
    this.onChange = onChange;
  }

  get path() {
    return "";
  }

  get value() {
    return this.document;
  }

  changed() {
    this.onChange();
  }
}
