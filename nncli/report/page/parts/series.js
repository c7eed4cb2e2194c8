// From runs and curves to the lines that a chart draws.

/** Lines of single runs in one chart, and of groups; more would be a thicket. */
const MOST_LINES = 40;
const MOST_GROUPS = 10;
const TONES = 10;

const AXES = { epoch: "epoch", updates: "updates", seconds: "seconds of training" };

/** What can be chosen for a chart: metrics alone, and both splits of a measure together. */
function chartChoices(metrics) {
  const pairs = ["loss", "accuracy", "rmse"].filter(
    (name) => metrics.includes(`train_${name}`) && metrics.includes(`val_${name}`),
  );
  return [
    ...metrics.map((name) => [name, name]),
    ...pairs.map((name) => [name, `${name}: val and train`]),
  ];
}

/** The metrics behind a choice; the second is drawn in dashes. */
function metricsOf(choice, metrics) {
  return metrics.includes(choice) ? [choice] : [`val_${choice}`, `train_${choice}`];
}

/** The places of the runs to draw: those marked, else all that the table shows. */
function drawnPlaces(app) {
  const marked = app.visible.filter((place) => app.marked.has(app.runs.id(place)));
  return marked.length ? marked : app.visible;
}

/** The name of the group that a run belongs to. */
function groupName(app, place, fields) {
  const names = fields.map((field) => {
    const column = app.runs.columns.get(field);
    return `${field} ${shown(column, column.values[place])}`;
  });
  return names.join(", ") || "all runs";
}

/** Give items their tones: those they had, but for ones that another of this picture has too. */
function giveTones(app, items) {
  const here = new Map();
  for (const { family } of items) {
    if (here.has(family)) continue;
    const taken = new Set(here.values());
    let tone = app.tones.get(family) ?? app.tones.size % TONES;
    while (taken.size < TONES && taken.has(tone)) tone = (tone + 1) % TONES;
    here.set(family, tone);
    app.tones.set(family, tone);
  }
  for (const item of items) item.tone = here.get(item.family);
}

/**
 * The items to draw: `{key, label, family, tone, runs}`, one a run or a group, and a note on what
 * is left out. Items of one family have one tone.
 */
function chartItems(app) {
  const { by, each } = app.settings;
  const places = drawnPlaces(app);
  const ready = places.filter((place) => app.live || app.curves.has(app.runs.id(place)));
  const all = each ? singles(app, ready, by) : groups(app, ready, by);
  const items = all.slice(0, each ? MOST_LINES : MOST_GROUPS);
  giveTones(app, items);
  return { items, note: leftOut(items.length, all.length, places.length, each ? "run" : "group") };
}

function singles(app, places, by) {
  return places.map((place) => {
    const run = app.runs.id(place);
    const label = `run ${app.runs.title(place)}`;
    const group = by.length ? groupName(app, place, by) : null;
    return {
      key: `run ${run}`,
      label: group ? `${label}: ${group}` : label,
      family: group ?? `run ${run}`,
      runs: [run],
    };
  });
}

function groups(app, places, by) {
  const found = new Map();
  for (const place of places) {
    const name = groupName(app, place, by);
    if (!found.has(name)) found.set(name, []);
    found.get(name).push(app.runs.id(place));
  }
  return [...found].map(([name, runs]) => ({
    key: name,
    label: `${name} (${plural(runs.length, "run")})`,
    family: name,
    runs,
  }));
}

function leftOut(drawn, ready, places, noun) {
  if (!places) return "No run is shown.";
  if (!ready) return "None of these runs has a curve.";
  if (drawn === ready) return "";
  return (
    `${drawn} of ${plural(ready, noun)} drawn, the first in the order of the table: ` +
    "sort, filter or tick runs to choose others."
  );
}

/** The lines of one chart: `{item, metric, dashed, raw, points, ends}`. */
function chartLines(app, choice, items) {
  const { x, smoothing, band } = app.settings;
  const lines = [];
  metricsOf(choice, app.curves.metrics).forEach((metric, index) => {
    for (const item of items) {
      const curves = item.runs.map((run) => curveOf(app.curves, run, x, metric)).filter(Boolean);
      if (!curves.length) continue;
      const joint = curves.length > 1;
      const raw = joint ? joined(curves, band, x !== "seconds") : single(curves[0]);
      const points = smoothing ? withSmoothing(raw, smoothing) : raw;
      const ends = curves.flatMap((curve) => brokenEnds(curve, joint ? points : null));
      lines.push({
        item,
        metric,
        dashed: index > 0,
        raw: smoothing ? raw : null,
        points,
        ends,
        joint,
      });
    }
  });
  return lines;
}

function curveOf(curves, run, x, metric) {
  const [xs, ys] = [curves.column(run, x), curves.column(run, metric)];
  if (!xs || !ys) return null;
  const kept = [];
  for (let place = 0; place < ys.length; place++) if (ys[place] !== null) kept.push(place);
  const whole = kept.length === ys.length;
  return whole
    ? { x: xs, y: ys }
    : { x: kept.map((place) => xs[place]), y: kept.map((place) => ys[place]) };
}

function single({ x, y }) {
  return Array.from(y, (value, place) => ({ x: x[place], y: value }));
}

function withSmoothing(points, weight) {
  const parts = ["y", "low", "high"].map((part) =>
    smoothed(
      points.map((point) => point[part] ?? null),
      weight,
    ),
  );
  return points.map((point, place) => ({
    ...point,
    y: parts[0][place],
    ...(point.low === undefined ? {} : { low: parts[1][place], high: parts[2][place] }),
  }));
}

/** Where a curve stops being a number: its last finite point, or that of the line of its group. */
function brokenEnds({ x, y }, line) {
  const ends = [];
  for (let place = 1; place < y.length; place++) {
    if (Number.isFinite(y[place]) || !Number.isFinite(y[place - 1])) continue;
    const at = line ? nearestPoint(line, x[place - 1]) : { y: y[place - 1] };
    if (at) ends.push({ x: x[place - 1], y: at.y, what: number(y[place]) });
  }
  return ends;
}
