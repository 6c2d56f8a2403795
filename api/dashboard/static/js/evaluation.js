// The evaluation of a model: scores beside the baseline, the confusion matrix as a heat map, scores of each class.
import { askJson } from "./rest.js";
import { number } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";
const CELL = 36;
const EDGE = 90;
const MOST_DRAWN = 60;

export async function showEvaluation(jobId) {
  const section = document.getElementById("evaluation");
  const report = await askJson(`/jobs/${jobId}/artifacts/evaluation.json`);
  const body = document.createElement("div");
  body.className = "evaluation";
  if (report.verdict) body.append(card("Verdict", note(report.verdict)));
  body.append(card("Scores", scores(report)));
  if (report.per_class) body.append(card("By class", byClass(report.per_class)));
  for (const one of report.slices ?? []) body.append(card(`By ${one.column}`, bySlice(one)));
  const size = report.confusion_matrix?.length ?? 0;
  if (size > MOST_DRAWN) body.append(card("Confusion", note(`${size} classes are too many to draw; the matrix is in evaluation.json.`)));
  else if (size > 0) body.append(card("Confusion: true class down, predicted across", heat(report.confusion_matrix, report.classes)));
  document.getElementById("evaluation-body").replaceChildren(body);
  section.hidden = false;
}

function card(title, content) {
  const made = document.createElement("section");
  made.className = "card";
  const head = made.appendChild(document.createElement("h3"));
  head.textContent = title;
  const scroll = made.appendChild(document.createElement("div"));
  scroll.className = "scroll";
  scroll.tabIndex = 0;
  scroll.setAttribute("role", "region");
  scroll.setAttribute("aria-label", title);
  scroll.append(content);
  return made;
}

function note(text) {
  const made = document.createElement("p");
  made.className = "quiet";
  made.textContent = text;
  return made;
}

function table(head, rows) {
  const made = document.createElement("table");
  const top = made.createTHead().insertRow();
  head.forEach((name, index) => {
    const cell = top.appendChild(document.createElement("th"));
    cell.textContent = name;
    if (index > 0) cell.className = "number";
  });
  const body = made.createTBody();
  for (const row of rows) {
    const line = body.insertRow();
    row.forEach((value, index) => {
      const cell = line.insertCell();
      cell.textContent = typeof value === "number" ? number(value) : (value ?? "–");
      if (index > 0) cell.className = "number";
    });
  }
  return made;
}

function scores(report) {
  const baseline = report.baseline?.metrics ?? report.baseline ?? {};
  const logistic = report.logistic_regression ?? null;
  const rows = Object.entries(report.metrics).map(([name, value]) => {
    const row = [name.replaceAll("_", " "), value, baseline[name]];
    return logistic ? [...row, logistic[name]] : row;
  });
  return table(["score", "model", "baseline", ...(logistic ? ["logistic regression"] : [])], rows);
}

function byClass(classes) {
  const columns = Object.keys(classes[0] ?? {});
  return table(columns.map((name) => name.replaceAll("_", " ")), classes.map((one) => columns.map((name) => (Array.isArray(one[name]) ? one[name].map(number).join("–") : one[name]))));
}

function bySlice({ column, slices }) {
  const metrics = [...new Set(slices.flatMap((one) => Object.keys(one.metrics)))];
  const cells = (one) => metrics.map((name) => (name in one.metrics ? within(one.metrics[name], one.intervals[name]) : null));
  return table([column, "examples", ...metrics, "than all"], slices.map((one) => [one.value, one.examples, ...cells(one), one.than_all]));
}

function within(value, { low, high }) {
  return `${number(value)} (${number(low)} to ${number(high)})`;
}

function element(name, attributes, text) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

function heat(matrix, classes) {
  const size = EDGE + matrix.length * CELL;
  const svg = element("svg", { viewBox: `0 0 ${size} ${size}`, class: "heat", role: "img", "aria-label": "Confusion matrix" });
  matrix.forEach((row, down) => {
    const total = row.reduce((sum, count) => sum + count, 0) || 1;
    svg.append(element("text", { x: EDGE / 2, y: EDGE + (down + 0.5) * CELL }, short(classes[down])));
    svg.append(element("text", { x: EDGE + (down + 0.5) * CELL, y: EDGE / 2 }, short(classes[down], 6)));
    row.forEach((count, across) => {
      const cell = element("rect", { x: EDGE + across * CELL, y: EDGE + down * CELL, width: CELL, height: CELL, "fill-opacity": (0.75 * count) / total });
      if (across !== down) cell.setAttribute("class", "wrong");
      cell.append(element("title", {}, `${classes[down]} taken for ${classes[across]}: ${count}`));
      svg.append(cell);
      if (count > 0) svg.append(element("text", { x: EDGE + (across + 0.5) * CELL, y: EDGE + (down + 0.5) * CELL, "pointer-events": "none" }, count));
    });
  });
  return svg;
}

function short(text, most = 14) {
  const whole = String(text);
  return whole.length > most ? `${whole.slice(0, most - 1)}…` : whole;
}
