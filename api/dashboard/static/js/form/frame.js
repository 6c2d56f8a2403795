// What stands around a field: its name, what it is for, and what is wrong with it.
import { element, hint } from "./elements.js";

export class Frame {
  constructor(form, cell, { name, required, bare, keepsEmpty }) {
    this.form = form;
    this.cell = cell;
    this.name = name;
    this.required = required;
    this.bare = bare;
    this.keepsEmpty = keepsEmpty;
    this.inputId = null;
  }

  // One input below its label.
  wrap(input, purpose, ...extra) {
    this.inputId = input.id;
    const label = element("label", { htmlFor: input.id }, element("code", { textContent: this.name }));
    if (this.required) label.append(" ", element("span", { className: "required", textContent: "required" }));
    const about = hint(purpose);
    const problem = element("p", { className: "problem field-problem", id: `${input.id}-problem` });
    input.setAttribute("aria-describedby", `${about.id} ${problem.id}`);
    if (this.required) input.setAttribute("aria-required", "true");
    return element("div", { className: "field", data: { path: this.cell.path } }, label, input, ...extra, about, problem);
  }

  group(purpose, ...children) {
    const legend = element("legend", {}, element("code", { textContent: this.name }));
    const about = hint(purpose);
    const found = element("fieldset", { className: "field", data: { path: this.cell.path } }, legend, ...children, about, problem());
    found.setAttribute("aria-describedby", about.id);
    return found;
  }

  // One of a list, whose fields stand in it without a frame of their own.
  item(path, tools, ...children) {
    return element("li", { data: { path } }, tools, problem(), ...children);
  }

  // Fields that can be folded away. Open where something has been said, or must be.
  section(purpose, ...children) {
    const { path, value } = this.cell;
    const title = element("summary", {}, element("code", { textContent: this.name }));
    if (this.required) title.append(" ", element("span", { className: "required", textContent: "required" }));
    if (purpose) title.append(" ", hint(purpose, { within: "span" }));
    const body = element("div", { className: "fields" }, problem(), ...children);
    const found = element("details", { className: "section", data: { path }, open: this.required || this.form.opened.has(path) || (value !== undefined && value !== null) }, title, body);
    found.addEventListener("toggle", () => this.form.opened[found.open ? "add" : "delete"](path));
    return found;
  }
}

function problem() {
  return element("p", { className: "problem field-problem" });
}
