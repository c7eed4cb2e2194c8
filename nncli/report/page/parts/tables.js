// Smaller tables: groups, comparisons and those of sections, with intervals drawn.

/** Columns that draw as an interval: the middle, its low and its high end. */
const INTERVALS = [
  ["mean", "ci_low", "ci_high"],
  ["difference", "ci_low", "ci_high"],
];

const VERDICTS = { __proto__: null, better: "good", worse: "bad", "too few seeds": "warn" };

/** Rows beyond this number wait for a button. */
const FIRST_ROWS = 200;

/** A table as given, its headings sort; `metric` says how its numbers are measured. */
function smallTable(table, caption, metric = "") {
  const order = { name: null, direction: 1 };
  let most = FIRST_ROWS;
  const head = make("tr");
  const body = make("tbody");
  const more = make("p", { class: "note" });
  const drawn = intervalOf(table);
  const sort = (name) => {
    order.direction = order.name === name ? -order.direction : 1;
    order.name = name;
    update();
  };
  const update = () => {
    const places = Array.from({ length: table.rows }, (_, place) => place);
    const sorted = table.columns.find((column) => column.name === order.name);
    if (sorted)
      places.sort((a, b) => compare(sorted.values[a], sorted.values[b], order.direction) || a - b);
    head.replaceChildren(
      ...table.columns.map((column) => heading(column, order, sort)),
      ...(drawn ? [drawn.heading()] : []),
    );
    body.replaceChildren(
      ...places.slice(0, most).map((place) =>
        make(
          "tr",
          {},
          table.columns.map((column) => smallCell(column, column.values[place], metric)),
          drawn ? make("td", { class: "interval" }, drawn.picture(place)) : null,
        ),
      ),
    );
    more.replaceChildren(
      ...(places.length > most
        ? [
            button(
              `Show all ${plural(places.length, "row")}`,
              () => {
                most = Infinity;
                update();
              },
              { class: "quiet" },
            ),
          ]
        : []),
    );
  };
  update();
  const box = make(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    make("table", { "aria-label": caption }, make("thead", {}, head), body),
  );
  return make("div", { class: "table-box" }, box, more);
}

function heading(column, order, sort) {
  const sorted = order.name === column.name;
  const control = button("", () => sort(column.name), {});
  control.append(
    make("span", { class: "label" }, column.name.replaceAll("_", " ")),
    make(
      "span",
      { class: "arrow", "aria-hidden": "true" },
      sorted ? (order.direction > 0 ? "▲" : "▼") : "",
    ),
  );
  return make(
    "th",
    {
      scope: "col",
      class: column.kind === "number" ? "right" : null,
      "aria-sort": sorted ? (order.direction > 0 ? "ascending" : "descending") : "none",
    },
    control,
  );
}

const OF_METRIC = new Set(["mean", "std", "ci_low", "ci_high", "median", "best", "difference"]);

function smallCell(column, value, metric) {
  const named = OF_METRIC.has(column.name) && metric ? { ...column, name: metric } : column;
  const text = shown(named, value);
  if (column.name === "verdict") {
    return make(
      "td",
      {},
      make("span", { class: `badge ${VERDICTS[String(value)] ?? "plain"}` }, text),
    );
  }
  if (column.name === "failed" && value > 0) return make("td", { class: "right odd" }, text);
  const odd = typeof value === "number" && !Number.isFinite(value);
  const kinds = [
    column.kind === "number" ? "right" : "",
    odd ? "odd" : "",
    text === "–" ? "faint" : "",
  ];
  return make("td", { class: kinds.filter(Boolean).join(" ") || null }, text);
}

/** How the interval of each row is drawn, on one axis for all; null where there is none. */
function intervalOf(table) {
  const column = (name) => table.columns.find((each) => each.name === name);
  const names = INTERVALS.find((each) => each.every(column));
  if (!names) return null;
  const [middle, low, high] = names.map((name) => column(name).values);
  const isDifference = names[0] === "difference";
  const ends = span(
    [...middle, ...low, ...high, ...(isDifference ? [0] : [])].filter(
      (each) => typeof each === "number",
    ),
    false,
    0.06,
  );
  if (!ends) return null;
  const [wide, tall] = [220, 22];
  const xs = scale(...ends, 4, wide - 4, false);
  const at = (value) => xs.place(value).toFixed(1);
  return {
    heading: () =>
      make(
        "th",
        { scope: "col" },
        make(
          "span",
          { class: "ends" },
          make("span", {}, tickText(Number(ends[0].toPrecision(3)))),
          make("span", {}, isDifference ? "95% interval" : "mean, 95% interval"),
          make("span", {}, tickText(Number(ends[1].toPrecision(3)))),
        ),
      ),
    picture: (place) => {
      const picture = draw("svg", {
        width: wide,
        height: tall,
        viewBox: `0 0 ${wide} ${tall}`,
        "aria-hidden": "true",
      });
      if (isDifference)
        picture.append(draw("line", { class: "zero", x1: at(0), x2: at(0), y1: 0, y2: tall }));
      if (
        Number.isFinite(low[place]) &&
        Number.isFinite(high[place]) &&
        low[place] !== null &&
        high[place] !== null
      ) {
        picture.append(
          draw("line", {
            class: "whisker",
            x1: at(low[place]),
            x2: at(high[place]),
            y1: tall / 2,
            y2: tall / 2,
          }),
        );
      }
      if (Number.isFinite(middle[place]) && middle[place] !== null) {
        picture.append(
          draw("circle", { class: "middle", cx: at(middle[place]), cy: tall / 2, r: 4 }),
        );
      }
      return picture;
    },
  };
}
