// Charts of all series of a job; those of one page share the crosshair. What uPlot draws is on a canvas.
import { askJson } from "./rest.js";
import { columns, groups } from "./series.js";
import { number } from "./words.js";

export const POINTS = 1_000;
const HEIGHT = 220;
const COLORS = 8;

function color(name) {
  const probe = document.createElement("i");
  probe.className = name;
  const legend = document.createElement("div");
  legend.className = "legend";
  legend.hidden = false;
  legend.append(probe);
  document.body.append(legend);
  const found = getComputedStyle(probe).backgroundColor;
  legend.remove();
  return found;
}

function ink(name) {
  const probe = document.getElementById("charts");
  const kept = probe.className;
  probe.className = `${kept} ${name}`;
  const found = getComputedStyle(probe).color;
  probe.className = kept;
  return found;
}

// `options`: byTime, log, weight; `format` and `formatX` say how numbers of both axes read, `range` what y shows of its
// least and greatest value, and charts of one `group` share the crosshair.
export class Chart {
  constructor(parent, name, members, options) {
    this.name = name;
    this.options = options;
    this.format = options.format ?? number;
    this.card = parent.appendChild(document.createElement("article"));
    this.card.className = "card chart";
    this.card.setAttribute("aria-label", `Chart of ${name}`);
    const title = this.card.appendChild(document.createElement("h3"));
    title.textContent = name;
    this.legend = this.card.appendChild(document.createElement("div"));
    this.legend.className = "legend";
    this.place = this.card.appendChild(document.createElement("div"));
    this.place.className = "plot";
    this.zoomed = false;
    this.build(members);
    this.resized = new ResizeObserver(() => this.plot.setSize(this.size()));
    this.resized.observe(this.place);
  }

  size() {
    return { width: Math.max(120, this.place.clientWidth), height: HEIGHT };
  }

  build(members) {
    this.plot?.destroy();
    this.members = members;
    this.legend.replaceChildren(...members.map((one, index) => this.key(one.name, index)));
    const quiet = ink("quiet");
    const grid = { stroke: ink("grid-line"), width: 1 };
    const axis = { stroke: quiet, grid, ticks: grid, font: "11px system-ui" };
    const said = (format) => (_, ticks) => ticks.map((tick) => (tick === null ? "" : format(tick)));
    const formatX = this.options.formatX;
    this.plot = new uPlot(
      {
        ...this.size(),
        legend: { show: false },
        cursor: { sync: { key: this.options.group ?? "series" }, drag: { x: true, y: false }, points: { size: 6 } },
        scales: { x: { time: this.options.byTime }, y: { distr: this.options.log ? 3 : 1, ...(this.options.range && { range: this.options.range }) } },
        axes: [formatX ? { ...axis, values: said(formatX) } : axis, { ...axis, size: this.options.format ? 68 : 56, values: said(this.format) }],
        series: [{}, ...members.map((one, index) => ({ stroke: color(`s${(index % COLORS) + 1}`), width: 1.75, spanGaps: true, points: { show: one.points.length < 40, size: 4 } }))],
        hooks: {
          setCursor: [(plot) => this.say(plot.cursor.idx)],
          setSelect: [() => (this.zoomed = true)],
        },
      },
      columns(members, this.options),
      this.place,
    );
    this.place.addEventListener("dblclick", () => (this.zoomed = false));
    this.say(null);
  }

  key(name, index) {
    const item = document.createElement("span");
    const line = item.appendChild(document.createElement("i"));
    line.className = `s${(index % COLORS) + 1}`;
    item.append(name, " ");
    item.appendChild(document.createElement("b"));
    return item;
  }

  // Show the values under the crosshair, and the latest ones where there is none.
  say(index) {
    const [, ...lines] = this.plot.data;
    lines.forEach((line, at) => {
      const value = index === null || index === undefined ? line.findLast((one) => one !== null) : line[index];
      this.legend.children[at].lastElementChild.textContent = this.format(value);
    });
  }

  update(members) {
    if (members.length !== this.members.length) return this.build(members);
    this.members = members;
    this.plot.setData(columns(members, this.options), !this.zoomed);
    this.say(this.plot.cursor.idx);
  }

  remove() {
    this.resized.disconnect();
    this.plot.destroy();
    this.card.remove();
  }
}

export class Charts {
  constructor(jobId) {
    this.jobId = jobId;
    this.parent = document.getElementById("charts");
    this.tools = document.getElementById("chart-tools");
    this.charts = new Map();
    this.options = { byTime: false, log: false, weight: 0 };
    this.series = [];
    document.getElementById("log-scale").addEventListener("change", (event) => this.choose({ log: event.target.checked }));
    document.getElementById("x-axis").addEventListener("change", (event) => this.choose({ byTime: event.target.value === "time" }));
    document.getElementById("smoothing").addEventListener("input", (event) => {
      document.getElementById("smoothing-value").textContent = event.target.value;
      this.choose({ weight: Number(event.target.value) });
    });
    document.addEventListener("themechange", () => this.choose({}));
  }

  choose(change) {
    Object.assign(this.options, change);
    for (const chart of this.charts.values()) chart.build(chart.members);
  }

  async read() {
    const { series } = await askJson(`/jobs/${this.jobId}/metrics?points=${POINTS}`);
    this.show(groups(series));
  }

  show(found) {
    document.getElementById("charts-empty").hidden = found.length > 0;
    this.tools.hidden = found.length === 0;
    const names = new Set(found.map(([name]) => name));
    for (const [name, chart] of this.charts) {
      if (names.has(name)) continue;
      chart.remove();
      this.charts.delete(name);
    }
    for (const [name, members] of found) {
      const chart = this.charts.get(name);
      if (chart) chart.update(members);
      else this.charts.set(name, new Chart(this.parent, name, members, this.options));
    }
    // Series come as they begin; the order of the charts is always the same.
    found.forEach(([name], index) => {
      const { card } = this.charts.get(name);
      if (this.parent.children[index] !== card) this.parent.insertBefore(card, this.parent.children[index] ?? null);
    });
  }
}
