// What the processes of a job take over time. Its worker measures it, so it is no event of the job: it is asked for.
import { Chart, POINTS } from "./charts.js";
import { askJson } from "./rest.js";
import { duration, number, size } from "./words.js";

const SHOWN = [
  ["system/cpu", "CPU, processors kept busy", number],
  ["system/memory", "Memory, sum of resident sizes", size],
];

// From zero on: half as much looks like half as much.
const fromZero = (_, least, greatest) => [0, greatest > 0 ? 1.1 * greatest : 1];

export class Resources {
  constructor(jobId) {
    const names = SHOWN.map(([name]) => `series=${encodeURIComponent(name)}`).join("&");
    this.address = `/jobs/${jobId}/metrics?points=${POINTS}&${names}`;
    this.parent = document.getElementById("resources");
    this.empty = document.getElementById("resources-empty");
    this.charts = new Map();
    document.addEventListener("themechange", () => {
      for (const chart of this.charts.values()) chart.build(chart.members);
    });
  }

  async read() {
    const { series } = await askJson(this.address);
    for (const [name, title, format] of SHOWN) {
      const found = series.find((one) => one.name === name);
      if (found && found.points.length > 1) this.show(title, found, format);
    }
    this.empty.hidden = this.charts.size > 0;
  }

  show(title, found, format) {
    const chart = this.charts.get(title);
    const members = [{ ...found, name: "now" }];
    if (chart) chart.update(members);
    else this.charts.set(title, new Chart(this.parent, title, members, { byTime: false, log: false, weight: 0, format, formatX: duration, range: fromZero, group: "resources" }));
  }
}
