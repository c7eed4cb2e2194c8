// Pictures of sections: lines, steps, heat maps, confusion matrices, boundaries, points and layers.
// Each knows its columns by their names, as `data.py` tells; a table without them stays a table.

/** The tables of a section that can be drawn, with their pictures; means are of `metric`. */
function picturesOf(kind, tables, metric) {
  const drawers = {
    lines: linesPictures,
    steps: linesPictures,
    layers: layerPictures,
    heat_map: heatPictures,
    confusion: confusionPictures,
    boundary: boundaryPictures,
    points: pointsPictures,
    parallel: parallelPictures,
  };
  const drawn = new Map();
  for (const table of tables) {
    const pictures = table.rows && drawers[kind] ? drawers[kind](table, tables, kind, metric) : [];
    if (pictures.length) drawn.set(table, pictures);
  }
  return drawn;
}

const numbersIn = (column) => column?.kind === "number";
const named = (table, name) => table.columns.find((column) => column.name === name);
const spoken = (name) => name.replaceAll("_", " ");

const entitled = (title, text) => (title ? `${title}: ${text}` : text);

/** Tables with the rows of each title, where there are several in one. */
function byTitle(table, names) {
  const titles = table.columns.find((column) => names.includes(column.name));
  if (!titles) return [[null, table]];
  const places = new Map();
  titles.values.forEach((title, place) => {
    if (!places.has(title)) places.set(title, []);
    places.get(title).push(place);
  });
  const rest = table.columns.filter((column) => column !== titles);
  return [...places].map(([title, kept]) => [
    visible(String(title)),
    {
      rows: kept.length,
      columns: rest.map((column) => ({
        ...column,
        values: kept.map((place) => column.values[place]),
      })),
    },
  ]);
}

/** Lines by the fields before x: `{names, x, y, low, high}`; null without such columns. */
function lineColumns(table) {
  const names = table.columns.map((column) => column.name);
  const at = names.includes("share")
    ? names.indexOf("tau")
    : names.includes("mean")
      ? names.indexOf("n") - 1
      : -1;
  const y = named(table, names.includes("share") ? "share" : "mean");
  const x = table.columns[at];
  if (!numbersIn(x) || !numbersIn(y)) return null;
  const [low, high] = [named(table, "ci_low"), named(table, "ci_high")];
  return { names: table.columns.slice(0, at), x, y, low, high };
}

function linesPictures(table, tables, kind, metric) {
  const found = lineColumns(table);
  if (!found) return [];
  const { names, x, y, low, high } = found;
  const lines = new Map();
  for (let row = 0; row < table.rows; row++) {
    const name =
      names.map((column) => `${column.name} ${shown(column, column.values[row])}`).join(", ") ||
      spoken(y.name);
    if (!lines.has(name)) lines.set(name, []);
    const middle = y.values[row] ?? NaN;
    const band =
      numbersIn(low) && numbersIn(high)
        ? { low: low.values[row] ?? middle, high: high.values[row] ?? middle }
        : {};
    lines.get(name).push({ x: Number(x.values[row]), y: middle, ...band });
  }
  for (const points of lines.values()) points.sort((a, b) => a.x - b.x);
  const shape = kind === "steps" ? stepped : (points) => points;
  return [
    lineFigure(
      lines,
      x,
      kind === "lines" ? { name: `mean ${metric}`.trim() } : y,
      shape,
      kind === "lines" && isSpread(x),
    ),
  ];
}

/** A function that steps: it keeps its value until the next place. */
function stepped(points) {
  return points.flatMap((point, place) =>
    place ? [{ ...point, y: points[place - 1].y }, point] : [point],
  );
}

/** Whether a column of positive numbers spans a factor of 30 or more. */
function isSpread(column) {
  const found = column.values.filter((value) => value > 0);
  return found.length === column.values.length && Math.max(...found) / Math.min(...found) >= 30;
}

/** A picture for each statistic of layers over the epochs. */
function layerPictures(table) {
  const epoch = named(table, "epoch");
  const keys = ["run", "layer"].map((name) => named(table, name)).filter(Boolean);
  if (!numbersIn(epoch) || !keys.length) return [];
  const several = keys.filter(
    (column) => new Set(column.values).size > 1 || column.name === "layer",
  );
  return table.columns
    .filter((column) => numbersIn(column) && column !== epoch && !keys.includes(column))
    .map((column) => {
      const lines = new Map();
      for (let row = 0; row < table.rows; row++) {
        if (column.values[row] === null) continue;
        const name = several.map((each) => `${each.name} ${each.values[row]}`).join(", ");
        if (!lines.has(name)) lines.set(name, []);
        lines.get(name).push({ x: epoch.values[row], y: column.values[row] });
      }
      return lineFigure(lines, epoch, column, (points) => points, false);
    });
}

function lineFigure(named, x, y, shape, logX, logY = false) {
  const lines = [...named].map(([label, points], index) => ({
    item: { key: label, label, tone: index % TONES },
    metric: y.name,
    points: shape(points),
    raw: null,
    ends: [],
    joint: points.some((point) => point.low !== undefined),
    dashed: index >= TONES,
  }));
  const svg = draw("svg", { role: "img", width: "100%", "aria-label": `${y.name} by ${x.name}` });
  const plot = make("div", { class: "plot still" }, svg);
  let width = 0;
  new ResizeObserver(
    nextFrame(() => {
      if (Math.abs(plot.clientWidth - width) <= 1) return;
      width = plot.clientWidth;
      drawPlot(svg, lines, {
        width,
        height: 280,
        xName: spoken(x.name),
        logX,
        logY,
        range: null,
      });
    }),
  ).observe(plot);
  return make(
    "figure",
    { class: "card" },
    make("figcaption", {}, `${spoken(y.name)} by ${spoken(x.name)}`),
    plot,
    legendOf(
      lines.map(({ item, dashed }) => [item.label, `tone${item.tone}${dashed ? " dashed" : ""}`]),
    ),
  );
}

function legendOf(pairs) {
  return make(
    "ul",
    { class: "legend still" },
    pairs.map(([label, kind]) =>
      make("li", {}, make("i", { class: `swatch ${kind}` }), make("span", {}, label)),
    ),
  );
}
