// Pictures that are shaded tables: heat maps and confusion matrices.

/** The different values of a column in their order: numbers by size, texts as they come. */
function levels(column) {
  const found = [...new Map(column.values.map((value) => [key(value), value])).values()];
  return numbersIn(column) ? found.sort((a, b) => compare(a, b, 1)) : found;
}

function cellsOf(table, rowColumn, columnColumn, valueColumn) {
  const [rows, columns] = [levels(rowColumn), levels(columnColumn)];
  if (rows.length * columns.length > 4000) return null;
  const cells = new Map();
  for (let place = 0; place < table.rows; place++) {
    cells.set(
      `${key(rowColumn.values[place])} ${key(columnColumn.values[place])}`,
      valueColumn.values[place],
    );
  }
  return { rows, columns, at: (row, column) => cells.get(`${key(row)} ${key(column)}`) ?? null };
}

/** A table whose cells are shaded by their values; `text` writes a value, `share` shades it. */
function shadedTable(grid, names, corner, text, share, marked) {
  const cell = (row, column) => {
    const value = grid.at(row, column);
    const part = share(row, column, value);
    const level = part === null ? null : Math.round(part * 10);
    return make(
      "td",
      {
        class: [
          level === null ? "none" : `shade${level}`,
          marked(row, column, value) ? "marked" : "",
        ]
          .filter(Boolean)
          .join(" "),
      },
      text(value),
    );
  };
  return make(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": corner },
    make(
      "table",
      { class: "shaded", "aria-label": corner },
      make(
        "thead",
        {},
        make(
          "tr",
          {},
          make("th", { scope: "col", class: "corner" }, corner),
          grid.columns.map((column) => make("th", { scope: "col" }, shown(names[1], column))),
        ),
      ),
      make(
        "tbody",
        {},
        grid.rows.map((row) =>
          make(
            "tr",
            {},
            make("th", { scope: "row" }, shown(names[0], row)),
            grid.columns.map((column) => cell(row, column)),
          ),
        ),
      ),
    ),
  );
}

/** Groups of two fields, `mean` in the cells; else the first three columns are x, y and value. */
function heatPictures(table, tables, kind, metric) {
  const mean = named(table, "mean");
  const [x, y, value] = mean ? [table.columns[1], table.columns[0], mean] : table.columns;
  const finite = numbersIn(value)
    ? value.values.filter((each) => each !== null && Number.isFinite(each))
    : [];
  const grid = finite.length ? cellsOf(table, y, x, value) : null;
  if (!grid) return [];
  if (numbersIn(y)) grid.rows.reverse();
  const [low, high] = [Math.min(...finite), Math.max(...finite)];
  const share = (row, column, each) =>
    each === null || !Number.isFinite(each) ? null : high > low ? (each - low) / (high - low) : 0.5;
  const name = mean ? `mean ${metric}`.trim() : value.name;
  return [
    make(
      "figure",
      { class: "card fit" },
      make(
        "figcaption",
        {},
        `${name} by ${x.name} (columns) and ${y.name} (rows), darker where it is larger`,
      ),
      shadedTable(
        grid,
        [y, x],
        `${y.name} \\ ${x.name}`,
        (each) => measure(mean ? metric : value.name, each),
        share,
        () => false,
      ),
    ),
  ];
}

function confusionPictures(table) {
  return byTitle(table, ["title"])
    .map(([title, part]) => confusionPicture(title, part))
    .filter(Boolean);
}

function confusionPicture(title, table) {
  const [truth, said, count] = ["true", "predicted", "count"].map((name) => named(table, name));
  const grid = truth && said && numbersIn(count) ? cellsOf(table, truth, said, count) : null;
  if (!grid) return null;
  const names = [
    ...new Map([...grid.rows, ...grid.columns].map((each) => [key(each), each])).values(),
  ];
  [grid.rows, grid.columns] = [names, names];
  const total = new Map(
    names.map((row) => [
      key(row),
      names.reduce((sum, column) => sum + (grid.at(row, column) ?? 0), 0),
    ]),
  );
  const share = (row, column, value) =>
    total.get(key(row)) ? (value ?? 0) / total.get(key(row)) : null;
  return make(
    "figure",
    { class: "card fit" },
    make(
      "figcaption",
      {},
      entitled(title, "rows are true classes, columns predicted; shaded by the share of the row"),
    ),
    shadedTable(
      grid,
      [truth, said],
      "true \\ predicted",
      (value) => String(value ?? 0),
      share,
      (row, column) => key(row) === key(column),
    ),
  );
}
