// A form made from a JSON Schema: it shows a document, changes it, and shows at each field what the server says of it.
import { Root } from "./cell.js";
import { choiceField, eitherField, listField, mapField, objectField } from "./containers.js";
import { Frame } from "./frame.js";
import { flagField, optionsField, setField, textField } from "./scalars.js";
import { shapeOf } from "./shapes.js";

const MAKERS = { object: objectField, choice: choiceField, map: mapField, either: eitherField, options: optionsField, flag: flagField, text: textField };

export class Form {
  constructor(parent, schema, onChange) {
    this.parent = parent;
    this.schema = schema;
    this.onChange = onChange;
    this.opened = new Set();
    this.document = {};
  }

  show(document) {
    this.document = document;
    const root = new Root(document, this.onChange);
    const shape = shapeOf(this.schema, this.schema);
    this.parent.replaceChildren(...choiceField(shape, root, { bare: true }, this));
  }

  // Return the fields of the object that a reference names, by name. None: no fields.
  properties(reference) {
    return reference ? this.schema.$defs[reference.split("/").pop()].properties : {};
  }

  // Return the elements of one field. `changed` is called after its value has changed.
  field(schema, cell, { name, required, bare = false, keepsEmpty = false, changed = () => {} }) {
    const shape = shapeOf(schema, this.schema);
    const frame = new Frame(this, cell, { name, required, bare, keepsEmpty });
    const make = shape.type === "list" ? (shape.set ? setField : listField) : MAKERS[shape.type];
    const made = make(shape, cell, frame, this);
    for (const element of [made].flat()) element.addEventListener("change", (event) => event.target.id === frame.inputId && changed());
    return made;
  }

  // Show errors at the fields they name, or at the nearest one around them. Return [error, element to go to] of each.
  mark(errors) {
    for (const old of this.parent.querySelectorAll("[aria-invalid]")) old.removeAttribute("aria-invalid");
    for (const old of this.parent.querySelectorAll(".field-problem")) old.textContent = "";
    return errors.map((error) => [error, this.point(error)]);
  }

  point(error) {
    const place = this.nearest(error.path);
    if (!place) return null;
    const line = place.querySelector(":scope > .field-problem, :scope > .fields > .field-problem");
    const exact = place.dataset.path === error.path;
    line.textContent = [line.textContent, `${exact ? "" : `${error.path}: `}${words(error)}`].filter(Boolean).join(" · ");
    for (let around = place.closest("details"); around; around = around.parentElement.closest("details")) around.open = true;
    const input = place.querySelector("input, select, textarea, button") ?? place;
    if (exact && input !== place) input.setAttribute("aria-invalid", "true");
    return input;
  }

  // The innermost field at a path, or else the nearest one around it.
  nearest(path) {
    const places = [...this.parent.querySelectorAll("[data-path]")];
    for (let known = path; known !== ""; known = known.replace(/(\.?[^.[\]]+|\[\d+\])$/, "")) {
      const found = places.findLast((one) => one.dataset.path === known);
      if (found) return found;
    }
    return null;
  }
}

export function words(error) {
  return `${error.message}${error.suggestion && !error.message.includes(error.suggestion) ? ` (did you mean ${error.suggestion}?)` : ""}`;
}
