// Fields of one value: a text, a number, one of several words, yes or no.
import { element, newId } from "./elements.js";

const NUMBER = /^\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*$/;

export function textField(shape, cell, frame) {
  const long = shape.long || (typeof cell.value === "string" && cell.value.includes("\n"));
  const input = element(long ? "textarea" : "input", { id: newId(), spellcheck: false, autocomplete: "off", placeholder: placeholder(shape) });
  if (long) input.rows = frame.keepsEmpty ? 1 : 3;
  else if (shape.numeric && shape.words.length === 0 && !shape.note) input.inputMode = "decimal";
  input.value = cell.value === undefined || cell.value === null ? "" : String(cell.value);
  input.addEventListener("input", () => (cell.value = read(shape, input.value, frame.keepsEmpty)));
  const extra = [];
  if (shape.words.length > 0) {
    const list = element("datalist", { id: `${input.id}-words` }, ...shape.words.map((word) => new Option(word)));
    input.setAttribute("list", list.id);
    extra.push(list);
  }
  if (shape.nullable && shape.initial !== null && shape.initial !== undefined) extra.push(none(input, cell));
  return frame.wrap(input, purpose(shape), ...extra);
}

// A number stays a text where it is none: what is wrong with it, the server says.
function read(shape, text, keepsEmpty) {
  if (text === "" && !keepsEmpty) return undefined;
  return shape.numeric && NUMBER.test(text) ? Number(text) : text;
}

// Null means "none" where the default is something else.
function none(input, cell) {
  const box = element("input", { type: "checkbox", checked: cell.value === null });
  input.disabled = box.checked;
  box.addEventListener("change", () => {
    input.disabled = box.checked;
    input.value = "";
    cell.value = box.checked ? null : undefined;
  });
  return element("label", { className: "none" }, box, " none");
}

export function optionsField(shape, cell, frame) {
  const input = element("select", { id: newId() });
  const unsaid = frame.required ? "choose one" : `default${isSaid(shape.initial) ? ` (${shape.initial})` : ""}`;
  input.append(new Option(unsaid, ""), ...shape.options.map((one) => new Option(String(one), String(one))));
  // A value that is none of the options is shown all the same: the server says what is wrong with it.
  if (isSaid(cell.value) && !shape.options.map(String).includes(String(cell.value))) input.append(new Option(String(cell.value)));
  input.value = isSaid(cell.value) ? String(cell.value) : "";
  input.addEventListener("change", () => (cell.value = shape.options.find((one) => String(one) === input.value)));
  return frame.wrap(input, shape.description);
}

export function flagField(shape, cell, frame) {
  const input = element("input", { type: "checkbox", id: newId(), checked: cell.value ?? shape.initial ?? false });
  input.addEventListener("change", () => (cell.value = input.checked === (shape.initial ?? false) ? undefined : input.checked));
  return frame.wrap(input, shape.description);
}

// Several of a few words.
export function setField(shape, cell, frame) {
  const boxes = shape.options.map((word) => {
    const box = element("input", { type: "checkbox", value: word, checked: (cell.value ?? []).includes(word) });
    box.addEventListener("change", () => {
      const chosen = boxes.map((each) => each.firstChild).filter((each) => each.checked).map((each) => each.value);
      cell.value = chosen.length > 0 ? chosen : undefined;
    });
    return element("label", { className: "chip" }, box, ` ${word}`);
  });
  return frame.group(shape.description, element("div", { className: "chips" }, ...boxes));
}

function isSaid(value) {
  return value !== undefined && value !== null;
}

function placeholder(shape) {
  return isSaid(shape.initial) && typeof shape.initial !== "object" ? String(shape.initial) : "";
}

function purpose(shape) {
  const parts = [shape.description, shape.note === shape.description ? "" : shape.note, shape.bounds && `${shape.bounds[0].toUpperCase()}${shape.bounds.slice(1)}.`];
  return parts.filter(Boolean).join(" ");
}
