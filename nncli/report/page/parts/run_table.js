// The table of runs. Of long tables only the rows in sight are in the page; print has all.

/** Height of a row in CSS pixels, as `table.css` sets it. */
const ROW = 34;

/** Rows kept ready above and below those in sight. */
const SPARE = 12;

/** Up to so many rows nothing is left out. */
const WHOLE = 60;

class RunTable {
  constructor(app) {
    this.app = app;
    this.head = make("tr");
    this.body = make("tbody");
    this.widths = make("colgroup");
    this.table = make(
      "table",
      { class: "runs", "aria-label": "Runs" },
      this.widths,
      make("thead", {}, this.head),
      this.body,
    );
    this.box = make(
      "div",
      { class: "scroll tall", tabindex: "0", role: "region", "aria-label": "Table of runs" },
      this.table,
    );
    this.first = this.last = -1;
    this.box.addEventListener(
      "scroll",
      nextFrame(() => this.rows()),
      { passive: true },
    );
    new ResizeObserver(nextFrame(() => this.rows())).observe(this.box);
    addEventListener("beforeprint", () => this.rows(true));
    addEventListener("afterprint", () => this.rows());
    byId("run-table").append(this.box);
  }

  /** Show all anew: columns, order and rows. */
  update() {
    this.first = -1;
    this.shown = this.app.columns.map((name) => this.app.runs.columns.get(name)).filter(Boolean);
    this.header();
    this.table.setAttribute("aria-rowcount", String(this.app.visible.length + 1));
    this.rows();
  }

  header() {
    const focused = this.head.contains(document.activeElement)
      ? document.activeElement.dataset.name
      : null;
    const { order } = this.app;
    const cells = this.shown.map((column) => {
      const sorted = order.name === column.name;
      const name = column.name;
      const control = button("", () => this.app.sortBy(name), {
        "data-name": name,
        title: `${name}: ${runNote(column)}sort`,
      });
      control.append(
        make("span", { class: "label" }, name),
        make(
          "span",
          { class: "arrow", "aria-hidden": "true" },
          sorted ? (order.direction > 0 ? "▲" : "▼") : "",
        ),
      );
      const heading = make(
        "th",
        {
          scope: "col",
          class: column.kind === "number" ? "right" : null,
          "aria-sort": sorted ? (order.direction > 0 ? "ascending" : "descending") : "none",
        },
        control,
      );
      return heading;
    });
    const all = make("input", {
      type: "checkbox",
      "aria-label": "Draw the runs of the table, all or none",
    });
    const marked = this.app.visible.filter((place) =>
      this.app.marked.has(this.app.runs.id(place)),
    ).length;
    all.checked = marked > 0 && marked === this.app.visible.length;
    all.indeterminate = marked > 0 && !all.checked;
    all.addEventListener("change", () => this.app.markAll(all.checked));
    this.head.replaceChildren(make("th", { scope: "col", class: "mark" }, all), ...cells);
    this.widths.replaceChildren(
      make("col", { style: { width: "40px" } }),
      ...this.shown.map((column) => make("col", { style: { width: `${width(column)}px` } })),
    );
    const total = this.shown.reduce((sum, column) => sum + width(column), 40);
    this.table.style.setProperty("min-width", `${total}px`);
    if (focused)
      [...this.head.querySelectorAll("button")]
        .find((each) => each.dataset.name === focused)
        ?.focus();
  }

  /** Put the rows in sight into the page; with `whole` all of them. */
  rows(whole = false) {
    const places = this.app.visible;
    const all = whole || places.length <= WHOLE;
    const top = Math.floor(this.box.scrollTop / ROW);
    const seen = Math.ceil(this.box.clientHeight / ROW) || 20;
    const first = all ? 0 : Math.max(0, Math.min(top, places.length - seen) - SPARE);
    const last = all ? places.length : Math.min(places.length, top + seen + SPARE);
    if (first === this.first && last === this.last) return;
    [this.first, this.last] = [first, last];
    const focused = this.body.contains(document.activeElement) ? document.activeElement : null;
    const again = focused && [focused.closest("tr")?.dataset.run, focused.tagName];
    const rows = places.slice(first, last).map((place, index) => this.row(place, first + index));
    this.body.replaceChildren(this.gap(first), ...rows, this.gap(places.length - last));
    if (!places.length) this.body.append(this.nothing());
    if (again) {
      const row = rows.find((each) => each.dataset.run === again[0]);
      row?.querySelector(again[1].toLowerCase())?.focus({ preventScroll: true });
    }
  }

  gap(rows) {
    if (rows <= 0) return "";
    const cell = make("td", {
      colspan: this.shown.length + 1,
      style: { height: `${rows * ROW}px` },
    });
    return make("tr", { class: "gap", "aria-hidden": "true" }, cell);
  }

  nothing() {
    const text = this.app.runs.size ? "No run fits the filter." : "There are no runs yet.";
    return make("tr", {}, make("td", { colspan: this.shown.length + 1, class: "nothing" }, text));
  }

  row(place, index) {
    const run = this.app.runs.id(place);
    const box = make("input", { type: "checkbox", "aria-label": `Draw run ${run}` });
    box.checked = this.app.marked.has(run);
    box.addEventListener("change", () => this.app.mark(run, box.checked));
    const cells = this.shown.map((column) => this.cell(column, place));
    const row = make(
      "tr",
      {
        "data-run": run,
        class: run === this.app.opened ? "opened" : null,
        "aria-rowindex": index + 2,
      },
      make("td", { class: "mark" }, box),
      cells,
    );
    row.addEventListener("click", (event) => {
      if (!event.target.closest("input, button, .mark") && !String(getSelection()))
        this.app.open(run);
    });
    return row;
  }

  cell(column, place) {
    const value = column.values[place];
    const text = shown(column, value);
    if (column.name === "run") {
      return make(
        "th",
        { scope: "row", class: "right" },
        button(text, () => this.app.open(String(value)), {
          class: "link",
          "aria-label": `Show run ${text}`,
        }),
      );
    }
    const odd = typeof value === "number" && !Number.isFinite(value);
    const kinds = [
      column.kind === "number" ? "right" : "",
      odd ? "odd" : "",
      text === "–" ? "faint" : "",
    ];
    if (column.name === "status")
      return make(
        "td",
        {},
        make("span", { class: `status ${statusKind(value)}` }, text.replaceAll("_", " ")),
      );
    return make(
      "td",
      { class: kinds.filter(Boolean).join(" ") || null, title: text.length > 18 ? text : null },
      text,
    );
  }
}

function runNote(column) {
  return column.group === "results" && column.name.includes(":")
    ? `${STATISTICS[column.name.split(":")[1]]}; `
    : "";
}

const STATISTICS = {
  best: "the value at the run's best epoch",
  last: "the value of the last epoch",
  min: "the smallest of the whole curve",
  max: "the largest of the whole curve",
};

function statusKind(status) {
  if (status === "completed" || status === "early_stopped") return "good";
  if (status === "running") return "going";
  return status === "diverged" || status === "failed" ? "bad" : "stopped";
}

/** The width of a column in CSS pixels, by its longest text. */
function width(column) {
  if (column.width && column.widthOf === column.values) return column.width;
  let longest = column.name.length + 2;
  for (const value of column.values) longest = Math.max(longest, shown(column, value).length);
  column.widthOf = column.values;
  column.width = Math.round(Math.min(longest, 26) * 7.4 + (column.name === "status" ? 42 : 26));
  return column.width;
}
