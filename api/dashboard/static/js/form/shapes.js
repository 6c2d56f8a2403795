// What a field of a JSON Schema looks like in a form. No document here, and no name of any field.

// type: object, choice, list, map, options, flag, text or either; what each carries, its branch below says.
export function shapeOf(schema, root) {
  const node = resolved(schema, root);
  const arms = armsOf(node, root);
  const nullable = arms.some((arm) => arm.type === "null");
  const solid = arms.filter((arm) => arm.type !== "null");
  const said = { description: node.description ?? "", initial: node.default, nullable };
  if (node.oneOf) return { ...said, type: "choice", ...choice(node) };
  if (solid.length === 1) return { ...plain(solid[0], root), ...said, description: said.description || solid[0].description || "" };
  if (solid.every(isScalar)) return { ...said, type: "text", ...scalar(solid) };
  return { ...said, type: "either", arms: solid.map((arm) => ({ name: nameOf(arm), schema: arm, shape: shapeOf(arm, root) })) };
}

function resolved(schema, root) {
  if (!schema.$ref) return schema;
  const found = root.$defs[schema.$ref.split("/").pop()];
  return { ...found, ...schema, $ref: undefined };
}

function armsOf(node, root) {
  if (!node.anyOf) return [node];
  return node.anyOf.flatMap((arm) => armsOf(resolved(arm, root), root));
}

function isScalar(node) {
  return "const" in node || "enum" in node || ["string", "number", "integer"].includes(node.type);
}

function choice(node) {
  return { tag: node.discriminator.propertyName, variants: node.discriminator.mapping };
}

function plain(node, root) {
  if (node.oneOf) return { type: "choice", ...choice(node) };
  if (node.type === "object" && node.properties) return { type: "object", properties: properties(node) };
  if (node.type === "object") return { type: "map", values: valuesOf(node) };
  if (node.type === "array") return { type: "list", items: node.items, set: node.items.enum !== undefined, options: node.items.enum };
  if (node.enum) return { type: "options", options: node.enum };
  if (node.type === "boolean") return { type: "flag" };
  return { type: "text", ...scalar([node]) };
}

// What must be given comes first; what decides on the rest is shown by the choice itself.
function properties(node) {
  const required = new Set(node.required ?? []);
  const all = Object.entries(node.properties).filter(([, schema]) => !("const" in schema));
  const shown = all.map(([name, schema]) => ({ name, schema, required: required.has(name) }));
  return shown.sort((a, b) => Number(b.required) - Number(a.required));
}

function valuesOf(node) {
  return Object.values(node.patternProperties ?? {})[0] ?? (typeof node.additionalProperties === "object" ? node.additionalProperties : { type: "string" });
}

function scalar(arms) {
  const numbers = arms.filter((arm) => arm.type === "number" || arm.type === "integer");
  return {
    numeric: numbers.length > 0,
    words: arms.flatMap((arm) => ("const" in arm ? [arm.const] : (arm.enum ?? []))),
    long: arms.some((arm) => arm.maxLength > 10_000),
    bounds: numbers.map(bounds).filter(Boolean).join(" or "),
    note: arms.map((arm) => arm.description).filter(Boolean).join(" "),
  };
}

function bounds(node) {
  const least = node.minimum !== undefined ? `at least ${node.minimum}` : node.exclusiveMinimum !== undefined ? `more than ${node.exclusiveMinimum}` : "";
  const most = node.maximum !== undefined ? `at most ${node.maximum}` : node.exclusiveMaximum !== undefined ? `less than ${node.exclusiveMaximum}` : "";
  return [least, most].filter(Boolean).join(", ");
}

function nameOf(node) {
  if ("const" in node) return String(node.const);
  return { array: "a list", object: "a table", string: "a text", integer: "a number", number: "a number", boolean: "yes or no" }[node.type] ?? "a value";
}

// Which of the arms a value belongs to; the first one where none is given.
export function armOf(shape, value) {
  const kind = Array.isArray(value) ? "list" : typeof value === "object" ? "map" : "text";
  const fitting = shape.arms.findIndex((arm) => (kind === "map" ? ["map", "object"].includes(arm.shape.type) : kind === arm.shape.type || (kind === "text" && arm.shape.type === "options")));
  return value === undefined || value === null || fitting < 0 ? 0 : fitting;
}
