// One run in full, beside the table: all that the page has of it, heading by heading.

const HEADINGS = ["run", "results", "specification", "cost", "environment"];

function showDetail(app, run) {
  const place = app.runs.places.get(run);
  const panel = byId("detail");
  if (place === undefined) return hideDetail(app, false);
  const { runs } = app;
  const headings = byHeading(runs);
  const blocks = HEADINGS.filter((name) => headings.has(name)).map((name) => {
    const columns = headings
      .get(name)
      .filter((column) => has(column.values[place]) && column.name !== "run");
    if (!columns.length) return null;
    return make(
      "section",
      {},
      make("h3", {}, name),
      make(
        "dl",
        { class: "rows" },
        columns.map((column) =>
          make(
            "div",
            { class: runs.size > 1 && runs.differs(column.name) ? "differs" : null },
            make("dt", {}, column.name),
            make("dd", {}, full(column, column.values[place])),
          ),
        ),
      ),
    );
  });
  const wasOpen = !panel.hidden;
  panel.hidden = false;
  const title = make("h2", { id: "detail-title", tabindex: "-1" }, `Run ${runs.title(place)}`);
  const step = (way, text, label) =>
    button(
      text,
      () => {
        const next = app.visible[app.visible.indexOf(place) + way];
        if (next !== undefined) app.open(app.runs.id(next));
      },
      { class: "quiet", "aria-label": label },
    );
  panel.replaceChildren(
    make(
      "div",
      { class: "detail-head" },
      title,
      step(-1, "↑", "Run above"),
      step(1, "↓", "Run below"),
      button("Close", () => hideDetail(app), { class: "quiet" }),
    ),
    ...(runs.size > 1
      ? [make("p", { class: "note" }, "Marked is what differs between the runs of this page.")]
      : []),
    ...blocks.filter(Boolean),
  );
  panel.scrollTop = 0;
  if (!wasOpen) title.focus({ preventScroll: true });
}

function hideDetail(app, focus = true) {
  const run = app.opened;
  byId("detail").hidden = true;
  app.opened = null;
  app.table.update();
  if (focus)
    document.querySelector(`#run-table tr[data-run="${CSS.escape(run ?? "")}"] button`)?.focus();
}

function has(value) {
  return value !== null && value !== undefined && value !== "" && value.length !== 0;
}

/** A value with all of its digits. */
function full(column, value) {
  if (column.kind === "number" && typeof value === "number" && Number.isFinite(value)) {
    const text = shown(column, value);
    const exact = String(value);
    return text === exact || COUNTS.has(column.name)
      ? text
      : `${exact}${isSeconds(column.name) ? " s" : ""}`;
  }
  return column.kind === "time"
    ? `${String(value).slice(0, 19).replace("T", " ")} UTC`
    : shown(column, value);
}
