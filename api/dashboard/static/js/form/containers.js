// Fields that hold fields: sections, choices, lists, tables of names and values, and what may be given in several ways.
import { button, element, hint } from "./elements.js";
import { armOf, shapeOf } from "./shapes.js";

// The fields of an object, each below its name.
export function objectFields(shape, cell, form) {
  cell.order = [...(cell.order ?? []), ...shape.properties.map((property) => property.name)];
  return shape.properties.map(({ name, schema, required }) => form.field(schema, cell.child(name, { optional: !required }), { name, required }));
}

export function objectField(shape, cell, frame, form) {
  if (!shape.nullable) return frame.section(shape.description, ...objectFields(shape, cell, form));
  return optional(shape, cell, frame, () => objectFields(shape, cell, form));
}

// What is absent unless it is asked for.
function optional(shape, cell, frame, fields) {
  const body = element("div", { className: "fields" });
  const fill = () => body.replaceChildren(...(given(cell.value) ? fields() : []));
  const box = element("input", { type: "checkbox", checked: given(cell.value) });
  box.addEventListener("change", () => {
    cell.value = box.checked ? {} : undefined;
    fill();
  });
  // An empty one says something: that it is given.
  cell.optional = false;
  fill();
  return frame.section(shape.description, element("label", { className: "given" }, box, ` give ${frame.name}`), body);
}

function given(value) {
  return value !== undefined && value !== null;
}

// One of several objects, told apart by the value of one field.
export function choiceField(shape, cell, frame, form) {
  const body = element("div", { className: "fields" });
  const chosen = () => shape.variants[cell.value?.[shape.tag]];
  let before = chosen();
  const fill = () => {
    cell.order = [shape.tag];
    if (!chosen()) return body.replaceChildren();
    const inner = shapeOf({ $ref: chosen() }, form.schema);
    body.replaceChildren(hint(inner.description), ...objectFields(inner, cell, form));
  };
  const changed = () => {
    dropOthers(cell.value, form.properties(before), form.properties(chosen()), shape.tag);
    before = chosen();
    fill();
    form.onChange();
  };
  const options = { enum: Object.keys(shape.variants), description: shape.description };
  const tag = form.field(options, cell.child(shape.tag), { name: shape.tag, required: true, changed });
  fill();
  return frame.bare ? [tag, body] : frame.section("", tag, body);
}

// What was said stays where the newly chosen object has the same field, whatever it means there.
function dropOthers(value, old, now, tag) {
  for (const name of Object.keys(value ?? {})) {
    if (name !== tag && kindOf(old[name]) !== kindOf(now[name])) delete value[name];
  }
}

function kindOf(property) {
  const words = ["title", "description", "default"];
  return JSON.stringify(Object.entries(property ?? {}).filter(([key]) => !words.includes(key)).sort());
}

export function listField(shape, cell, frame, form) {
  const items = element("ol", { className: "items" });
  const fill = () => items.replaceChildren(...(Array.isArray(cell.value) ? cell.value : []).map((_, index) => item(index)));
  const change = (work, focused) => {
    const copy = [...(Array.isArray(cell.value) ? cell.value : [])];
    work(copy);
    cell.value = copy.length > 0 ? copy : undefined;
    fill();
    (items.children[Math.min(focused, copy.length - 1)]?.querySelector("input, select, textarea") ?? add).focus();
  };
  const item = (index) => {
    const what = `${frame.name} ${index + 1}`;
    const tools = element("span", { className: "item-tools" });
    if (index > 0) tools.append(button("↑", `Move ${what} up`, () => change((all) => all.splice(index - 1, 0, ...all.splice(index, 1)), index - 1)));
    tools.append(button("Remove", `Remove ${what}`, () => change((all) => all.splice(index, 1), index)));
    const field = form.field(shape.items, cell.child(index, { optional: false }), { name: what, required: true, bare: true, keepsEmpty: true });
    return Array.isArray(field) ? frame.item(cell.child(index).path, tools, ...field) : element("li", {}, field, tools);
  };
  const add = button("Add", `Add to ${frame.name}`, () => change((all) => all.push(emptyItem(shape.items)), Infinity));
  fill();
  return frame.section(shape.description, items, add);
}

function emptyItem(schema) {
  if (schema.oneOf) return { [schema.discriminator.propertyName]: "" };
  return schema.type === "string" ? "" : schema.$ref ? {} : 0;
}

export function mapField(shape, cell, frame, form) {
  const rows = element("ul", { className: "items" });
  const entries = Object.entries(cell.value ?? {});
  const store = () => {
    const named = entries.filter(([name]) => name !== "");
    cell.value = named.length > 0 ? Object.fromEntries(named) : undefined;
  };
  const fill = () => rows.replaceChildren(...entries.map((entry, index) => row(entry, index)));
  const row = (entry, index) => {
    const name = element("input", { value: entry[0], placeholder: "name", autocomplete: "off", spellcheck: false, aria: { label: `Name of ${frame.name} ${index + 1}` } });
    const value = element("input", { value: entry[1], placeholder: "value", autocomplete: "off", spellcheck: false, aria: { label: `Value of ${frame.name} ${index + 1}` } });
    const numeric = shapeOf(shape.values, form.schema).numeric;
    const changed = () => {
      entry[0] = name.value.trim();
      entry[1] = numeric && value.value !== "" && Number.isFinite(Number(value.value)) ? Number(value.value) : value.value;
      store();
    };
    name.addEventListener("input", changed);
    value.addEventListener("input", changed);
    const remove = button("Remove", `Remove ${frame.name} ${index + 1}`, () => {
      entries.splice(index, 1);
      store();
      fill();
      add.focus();
    });
    return element("li", { className: "pair" }, name, value, remove);
  };
  const add = button("Add", `Add to ${frame.name}`, () => {
    entries.push(["", ""]);
    fill();
    rows.lastElementChild.firstElementChild.focus();
  });
  fill();
  return frame.section(shape.description, rows, add);
}

// A value of one kind or another, for example a line for a shell or a list of arguments.
export function eitherField(shape, cell, frame, form) {
  const body = element("div", { className: "fields" });
  const picker = element("select", { aria: { label: `How ${frame.name} is given` } }, ...shape.arms.map((arm, index) => new Option(arm.name, index)));
  picker.value = String(armOf(shape, cell.value));
  const fill = () => body.replaceChildren(...[form.field(shape.arms[Number(picker.value)].schema, cell, { name: frame.name, required: frame.required })].flat());
  picker.addEventListener("change", () => {
    cell.value = undefined;
    fill();
  });
  fill();
  return frame.section(shape.description, picker, body);
}
