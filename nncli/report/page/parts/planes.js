// Pictures of planes: decision boundaries, predicted against true values, parallel coordinates.

const PLANE = 420;

/** Planes of classes by their titles, with the points of a second table over them. */
function boundaryPictures(table, tables) {
  if (table !== tables[0] || !named(table, "class")) return [];
  const points = new Map(tables[1] ? byTitle(tables[1], ["title"]) : []);
  return byTitle(table, ["title"])
    .map(([title, grid]) => boundaryPicture(title, grid, points.get(title) ?? null))
    .filter(Boolean);
}

function boundaryPicture(title, grid, points) {
  const [x, y] = grid.columns;
  const group = named(grid, "class");
  if (![x, y].every(numbersIn)) return null;
  const [columns, rows] = [levels(x), levels(y)];
  const found = points ? (named(points, "class")?.values ?? []) : [];
  const classes = [...new Set([...group.values, ...found].map(String))].sort(collate);
  const areas = classAreas(grid, group, classes, columns, rows);
  const svg = draw(
    "svg",
    {
      viewBox: `0 0 ${PLANE} ${PLANE}`,
      role: "img",
      class: "plane",
      "aria-label": `Decision boundary: ${y.name} against ${x.name}`,
    },
    areas.map((d, index) => draw("path", { class: `area tone${index % TONES}`, d })),
  );
  if (points) svg.append(planePoints(points, columns, rows, classes));
  const ends = (values) => `${number(values[0])} to ${number(values.at(-1))}`;
  const axes = `${y.name}, ${ends(rows)} (up), against ${x.name}, ${ends(columns)} (right)`;
  const caption = entitled(title, axes);
  return make(
    "figure",
    { class: "card fit" },
    make("figcaption", {}, caption),
    svg,
    legendOf(classes.map((name, index) => [visible(name), `tone${index % TONES}`])),
  );
}

/** For each class the path of its places; neighbours in a row are one rectangle. */
function classAreas(grid, group, classes, columns, rows) {
  const [x, y] = grid.columns;
  const [wide, high] = [PLANE / columns.length, PLANE / rows.length];
  const columnAt = new Map(columns.map((value, place) => [value, place]));
  const rowAt = new Map(rows.map((value, place) => [value, place]));
  const plane = rows.map(() => []);
  for (let place = 0; place < grid.rows; place++) {
    plane[rowAt.get(y.values[place])][columnAt.get(x.values[place])] = classes.indexOf(
      String(group.values[place]),
    );
  }
  const areas = classes.map(() => []);
  plane.forEach((line, row) => {
    for (let start = 0, end = 1; start < line.length; start = end, end++) {
      while (end < line.length && line[end] === line[start]) end++;
      const [left, top] = [(start * wide).toFixed(2), (PLANE - (row + 1) * high).toFixed(2)];
      areas[line[start]]?.push(
        `M${left} ${top}h${((end - start) * wide).toFixed(2)}v${(high + 0.3).toFixed(2)}H${left}z`,
      );
    }
  });
  return areas.map((parts) => parts.join(""));
}

function planePoints(points, columns, rows, classes) {
  const [x, y] = points.columns;
  const group = named(points, "class");
  const half = (values) =>
    values.length > 1 ? (values.at(-1) - values[0]) / (values.length - 1) / 2 : 0.5;
  const xs = scale(columns[0] - half(columns), columns.at(-1) + half(columns), 0, PLANE, false);
  const ys = scale(rows[0] - half(rows), rows.at(-1) + half(rows), PLANE, 0, false);
  return scatter(x.values, y.values, xs, ys, (place) =>
    group ? classes.indexOf(String(group.values[place])) % TONES : 0,
  );
}

function scatter(x, y, xs, ys, tone) {
  const dots = draw("g", { class: "dots" });
  for (let place = 0; place < x.length; place++) {
    if (
      !Number.isFinite(x[place]) ||
      !Number.isFinite(y[place]) ||
      x[place] === null ||
      y[place] === null
    )
      continue;
    dots.append(
      draw("circle", {
        class: `tone${tone(place)}`,
        cx: xs.place(x[place]).toFixed(1),
        cy: ys.place(y[place]).toFixed(1),
        r: 2.6,
      }),
    );
  }
  return dots;
}

/** Predicted against true values, with the line on which they are equal. */
function pointsPictures(table) {
  return byTitle(table, ["target", "title"])
    .map(([title, part]) => pointsPicture(title, part))
    .filter(Boolean);
}

function pointsPicture(title, table) {
  const [truth, said] = ["true", "predicted"].map((name) => named(table, name));
  if (![truth, said].every(numbersIn)) return null;
  const ends = span(
    [...truth.values, ...said.values].map((value) => value ?? NaN),
    false,
  );
  if (!ends) return null;
  const frame = { left: 60, right: PLANE - 10, top: 10, bottom: PLANE - 40 };
  const [xs, ys] = [
    scale(...ends, frame.left, frame.right, false),
    scale(...ends, frame.bottom, frame.top, false),
  ];
  const marks = ticks(...ends, 5, false);
  const svg = draw(
    "svg",
    {
      viewBox: `0 0 ${PLANE} ${PLANE}`,
      role: "img",
      class: "plane",
      "aria-label": "predicted against true values",
    },
    grid(marks, marks, xs, ys, frame),
    axisTexts(marks, marks, xs, ys, frame, { height: PLANE, xName: "true" }),
    draw("line", {
      class: "equal",
      x1: xs.place(ends[0]),
      y1: ys.place(ends[0]),
      x2: xs.place(ends[1]),
      y2: ys.place(ends[1]),
    }),
    scatter(truth.values, said.values, xs, ys, () => 0),
  );
  const caption = entitled(
    title,
    "predicted (up) against true (right); on the line they are equal",
  );
  return make("figure", { class: "card fit" }, make("figcaption", {}, caption), svg);
}

/** Parallel coordinates: an axis a column, a line a run, darker where the last column is better. */
function parallelPictures(table) {
  const columns = table.columns.filter((column) => !["run", "status"].includes(column.name));
  const metric = columns.at(-1);
  if (columns.length < 2 || !numbersIn(metric) || table.rows > 1000) return [];
  const [wide, high, margin] = [Math.max(640, 140 * columns.length), 340, 80];
  const axes = columns.map((column, index) =>
    parallelAxis(column, margin + (index * (wide - 2 * margin)) / (columns.length - 1), high),
  );
  const order = metric.values
    .map((value, place) => [value ?? NaN, place])
    .filter(([value]) => Number.isFinite(value))
    .sort((a, b) => (largerIsBetter(metric.name) ? a[0] - b[0] : b[0] - a[0]));
  const lines = order.map(([, place], rank) => {
    const at = axes.map((axis) => axis.at(place)).filter(Boolean);
    return draw("path", {
      class: "strand",
      d: `M${at.join("L")}`,
      "stroke-opacity": (0.08 + 0.8 * ((rank + 1) / order.length) ** 2).toFixed(2),
    });
  });
  const svg = draw(
    "svg",
    {
      viewBox: `0 0 ${wide} ${high}`,
      width: wide,
      height: high,
      role: "img",
      "aria-label": "Parallel coordinates",
    },
    lines,
    axes.map((axis) => axis.picture),
  );
  return [
    make(
      "figure",
      { class: "card whole" },
      make("figcaption", {}, `A line a run; the stronger, the better its ${metric.name}`),
      make(
        "div",
        { class: "scroll", tabindex: "0", role: "region", "aria-label": "Parallel coordinates" },
        svg,
      ),
    ),
  ];
}

function parallelAxis(column, x, high) {
  const [top, bottom] = [34, high - 14];
  const values = levels(column).filter((value) => value !== null && !Number.isNaN(value));
  const spaced = numbersIn(column) && values.length > 6 && values.every(Number.isFinite);
  const isLog = spaced && isSpread(column);
  const ends = spaced ? span(values, isLog, 0) : null;
  const line = spaced
    ? scale(...ends, bottom, top, isLog)
    : {
        place: (value) =>
          bottom -
          (bottom - top) *
            (values.length > 1
              ? values.findIndex((each) => key(each) === key(value)) / (values.length - 1)
              : 0.5),
      };
  const marks = spaced ? ticks(...ends, 5, isLog) : values.slice(0, 14);
  const picture = draw(
    "g",
    { class: "ticks" },
    draw("line", { class: "strut", x1: x, x2: x, y1: top, y2: bottom }),
    draw("text", { x, y: 16, "text-anchor": "middle", class: "head" }, column.name),
    marks.map((mark) =>
      draw(
        "text",
        { x: x + 5, y: line.place(mark) + 4 },
        spaced ? tickText(mark) : shown(column, mark),
      ),
    ),
  );
  const at = (place) => {
    const value = column.values[place];
    if (value === null || (spaced && !Number.isFinite(value)) || Number.isNaN(value)) return null;
    return `${x.toFixed(1)} ${line.place(value).toFixed(1)}`;
  };
  return { picture, at };
}
