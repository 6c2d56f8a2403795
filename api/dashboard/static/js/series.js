// Which series belong into one chart, and what is done to their numbers. No document here.
const PART = /(^|\/)(train_|validation_|val_)/;
const FIRST = ["epoch/loss", "epoch/accuracy", "train/loss", "train/accuracy"];

// Group series by what they measure: epoch/train_loss and epoch/validation_loss are one chart.
export function groups(series) {
  const found = new Map();
  for (const one of series) {
    const name = one.name.replace(PART, "$1");
    if (!found.has(name)) found.set(name, []);
    found.get(name).push(one);
  }
  const shown = [...found].filter(([, members]) => members.some((one) => one.points.length > 1));
  return shown.sort(([a], [b]) => rank(a) - rank(b) || a.localeCompare(b));
}

function rank(name) {
  const place = FIRST.indexOf(name);
  return place === -1 ? FIRST.length : place;
}

// Exponential moving average, as weights of the past from 0 to 1; corrected for its start (Kingma & Ba 2015, section 3).
export function smooth(values, weight) {
  if (weight === 0) return values;
  let mean = 0;
  let bias = 1;
  return values.map((value) => {
    if (value === null || !Number.isFinite(value)) return value;
    mean = weight * mean + (1 - weight) * value;
    bias *= weight;
    return mean / (1 - bias);
  });
}

// Columns that uPlot takes: all x in order, then one column a series, null where it has no point.
export function columns(members, { byTime, weight, log }) {
  const x = (point) => (byTime ? Date.parse(point.at) / 1000 : point.step);
  const all = [...new Set(members.flatMap((one) => one.points.map(x)))].sort((a, b) => a - b);
  const place = new Map(all.map((value, index) => [value, index]));
  const lines = members.map((one) => {
    const line = new Array(all.length).fill(null);
    const values = smooth(one.points.map((point) => point.value), weight);
    one.points.forEach((point, index) => {
      const value = values[index];
      line[place.get(x(point))] = Number.isFinite(value) && !(log && value <= 0) ? value : null;
    });
    return line;
  });
  return [all, ...lines];
}
