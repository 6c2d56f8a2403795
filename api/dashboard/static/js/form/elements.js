// Elements of a form. Text is only ever text.
let made = 0;

export function newId() {
  made += 1;
  return `field-${made}`;
}

export function element(name, properties = {}, ...children) {
  const { data = {}, aria = {}, ...rest } = properties;
  const found = Object.assign(document.createElement(name), rest);
  Object.assign(found.dataset, data);
  for (const [key, value] of Object.entries(aria)) found.setAttribute(`aria-${key}`, value);
  found.append(...children);
  return found;
}

export function button(text, label, onClick) {
  const found = element("button", { type: "button", textContent: text, onclick: onClick });
  if (label) found.setAttribute("aria-label", label);
  return found;
}

// What a field is for. The docstrings it comes from mark code by backticks.
export function hint(text, { within = "p" } = {}) {
  const parts = text.split("`").map((part, index) => (index % 2 === 1 ? element("code", { textContent: part }) : part));
  return element(within, { className: "hint", id: newId() }, ...parts);
}
