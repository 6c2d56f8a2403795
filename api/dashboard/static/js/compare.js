// Jobs in one picture: a chart for each series with a line for each job, and tables that stay true while jobs run.
import { Charts, POINTS } from "./charts.js";
import { Live } from "./live.js";
import { askJson } from "./rest.js";

const WHILE_RUNNING_MS = 3_000;

class Overlay extends Charts {
  // `jobs`: [{id, name}], in the order of their colours.
  constructor(jobs) {
    super(null);
    this.jobs = jobs;
    this.byJob = new Map();
    this.elapsed = false;
  }

  // Read the series of those jobs that may have new ones.
  async read(ids) {
    const answers = await Promise.all(ids.map((id) => askJson(`/jobs/${id}/metrics?points=${POINTS}`)));
    ids.forEach((id, index) => this.byJob.set(id, answers[index].series));
    this.present();
  }

  // The jobs began at different times: what is compared is the time since each began to report.
  choose(change) {
    if (!("byTime" in change)) return super.choose(change);
    this.elapsed = change.byTime;
    this.present();
  }

  present() {
    const names = [...new Set([...this.byJob.values()].flat().map((one) => one.name))].sort();
    const charts = names.map((name) => [name, this.jobs.map((job) => this.member(job, name))]);
    this.show(charts.filter(([, members]) => members.some((one) => one.points.length > 1)));
  }

  member(job, name) {
    const points = (this.byJob.get(job.id) ?? []).find((one) => one.name === name)?.points ?? [];
    if (!this.elapsed || points.length === 0) return { name: job.name, points };
    const start = Date.parse(points[0].at);
    return { name: job.name, points: points.map((point) => ({ ...point, step: (Date.parse(point.at) - start) / 1000 })) };
  }
}

const place = document.getElementById("compared");
if (place) {
  const ids = place.dataset.jobs.split(",");
  const links = [...place.querySelectorAll("thead tr")][0].querySelectorAll("th a");
  const overlay = new Overlay(ids.map((id, index) => ({ id, name: `${links[index].textContent} ${id.slice(-6)}` })));
  const running = () => [...place.querySelectorAll('[data-over="no"]')].map((cell) => cell.dataset.job);

  const refresh = async (changed) => {
    if (document.hidden || changed.length === 0) return;
    await htmx.ajax("GET", place.dataset.at, { target: "#compared", swap: "innerHTML" });
    await overlay.read(changed);
    if (running().length === 0) finish();
  };
  const live = new Live("/live/project", (news) => refresh(ids.filter((id) => news.jobs.includes(id))));
  // Progress and metrics are no events of the project: while something runs, look again.
  const timer = setInterval(() => refresh(running()), WHILE_RUNNING_MS);
  const finish = () => {
    clearInterval(timer);
    live.close("all have finished");
  };
  document.addEventListener("visibilitychange", () => refresh(running()));
  await overlay.read(ids);
  if (running().length === 0) finish();
} else {
  document.getElementById("live").hidden = true;
}
