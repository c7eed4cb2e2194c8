// What the page is: its data, what is shown of them, and what each control changes.

class App {
  constructor(data) {
    this.data = data;
    this.live = data.live;
    this.runs = new Runs(unpackTable(data.runs));
    this.curves = new Curves(data.curves);
    this.metric = data.metric;
    this.order = { name: null, direction: 1 };
    this.marked = new Set();
    this.hidden = new Set();
    this.tones = new Map();
    this.charts = [];
    this.items = [];
    this.opened = null;
    this.range = null;
    this.columns = usualColumns(this.runs, this.metric);
    this.settings = { x: "epoch", logX: false, smoothing: 0, band: "range", ...this.usualLines() };
    this.wholeRange = button("Whole range", () => this.narrow(null), { class: "quiet" });
    this.wholeRange.hidden = true;
    this.table = new RunTable(this);
    this.redraw = nextFrame(() => this.drawCharts());
  }

  /**
   * Means with bands where there are groups of several runs, each of one setting; else a line a
   * run, coloured by the fields that do not tell almost every run apart.
   */
  usualLines() {
    const { kept, groups } = tellingApart(this.runs);
    if (groups <= this.runs.size / 2) return { each: false, by: kept };
    const few = kept.filter((name) => new Set(this.runs.values(name).map(key)).size <= TONES);
    return { each: true, by: this.runs.size > TONES ? few : [] };
  }

  start() {
    this.head();
    byId("table-settings").append(columnChooser(this, () => this.table.update()));
    const query = byId("query");
    query.addEventListener(
      "input",
      later(() => this.refresh(), 60),
    );
    showExperiments(this.data.experiments);
    showTables(this.data);
    this.refresh();
    this.startCharts();
    addEventListener("keydown", (event) => this.shortcut(event));
  }

  /** Show all anew after runs have come, changed or gone; `ids` are those that came or changed. */
  renew(isWhole, ids) {
    const fields = () => this.runs.settings().join();
    if (isWhole || !this.columnsChosen) this.columns = usualColumns(this.runs, this.metric);
    if (isWhole && !this.charts.length) Object.assign(this.settings, this.usualLines());
    this.head();
    this.refresh();
    if (this.charts.length && this.offered !== fields()) chartSettings(this);
    this.offered = fields();
    if (this.opened !== null && ids.includes(this.opened)) showDetail(this, this.opened);
  }

  head() {
    const { title, database, created, notes } = this.data;
    byId("title").textContent = title;
    const when = created ? `, ${created.slice(0, 16).replace("T", " ")} UTC` : "";
    byId("origin").textContent = title.endsWith(database)
      ? when.slice(2)
      : `${visible(database)}${when}`;
    byId("notes").replaceChildren(...notes.map((note) => make("li", {}, note)));
    const statuses = this.runs
      .statuses()
      .map(([status, count]) =>
        make(
          "span",
          { class: `status ${statusKind(status)}` },
          `${count.toLocaleString("en")} ${String(status).replaceAll("_", " ")}`,
        ),
      );
    byId("facts").replaceChildren(
      make("span", { class: "count" }, plural(this.runs.size, "run")),
      ...statuses,
      ...this.bestLink(),
    );
    showCommon(this.runs);
  }

  /** A link to the best run; nothing where no run has the metric, or experiments ask for others. */
  bestLink() {
    const best = this.bestRun();
    if (best === null || this.data.experiments.length > 1) return [];
    const value = measure(this.metric, this.runs.value(best, this.metric));
    const text = `best ${this.metric} ${value}: run ${this.runs.title(best)}`;
    return [button(text, () => this.open(this.runs.id(best)), { class: "link" })];
  }

  /** The place of the run with the best value of the metric, null where none has one. */
  bestRun() {
    const values = this.metric ? this.runs.values(this.metric) : [];
    const way = this.metric && largerIsBetter(this.metric) ? 1 : -1;
    let best = null;
    values.forEach((value, place) => {
      if (
        Number.isFinite(value) &&
        value !== null &&
        (best === null || way * value > way * values[best])
      )
        best = place;
    });
    return best;
  }

  /** Filter and sort, then show the table and the charts. */
  refresh() {
    const { test, errors } = readFilter(byId("query").value, this.runs);
    const places = [];
    for (let place = 0; place < this.runs.size; place++) if (test(place)) places.push(place);
    const column = this.runs.columns.get(this.order.name);
    if (column)
      places.sort(
        (a, b) => compare(column.values[a], column.values[b], this.order.direction) || a - b,
      );
    this.visible = places;
    const found = byId("found");
    found.textContent =
      errors.join("; ") ||
      (places.length === this.runs.size
        ? plural(places.length, "run")
        : `${places.length.toLocaleString("en")} of ${plural(this.runs.size, "run")}`);
    found.classList.toggle("wrong", errors.length > 0);
    this.table.update();
    this.redraw();
  }

  /** Sort by a column: the best first, then the other way, then as at first. */
  sortBy(name) {
    const first = largerIsBetter(name) ? -1 : 1;
    const { order } = this;
    if (order.name !== name) this.order = { name, direction: first };
    else if (order.direction === first) this.order = { name, direction: -first };
    else this.order = { name: null, direction: 1 };
    this.refresh();
  }

  mark(run, on) {
    if (on) this.marked.add(run);
    else this.marked.delete(run);
    this.table.header();
    this.redraw();
  }

  markAll(on) {
    for (const place of this.visible) {
      if (on) this.marked.add(this.runs.id(place));
      else this.marked.delete(this.runs.id(place));
    }
    this.table.update();
    this.redraw();
  }

  open(run) {
    this.opened = run;
    for (const row of document.querySelectorAll("#run-table tr[data-run]"))
      row.classList.toggle("opened", row.dataset.run === run);
    showDetail(this, run);
  }

  startCharts() {
    if (!this.curves.metrics.length) return;
    byId("curves").hidden = false;
    const metrics = this.curves.metrics;
    const bare = (this.metric ?? "").split(":")[0];
    const wanted = [
      bare,
      chartChoices(metrics).some(([value]) => value === "loss") ? "loss" : "val_loss",
      "train_loss",
    ];
    const usable = wanted.filter(
      (name, place) =>
        wanted.indexOf(name) === place && (metrics.includes(name) || name === "loss"),
    );
    this.charts = (usable.length ? usable : metrics)
      .slice(0, 2)
      .map((name) => new Chart(this, name));
    byId("charts").replaceChildren(...this.charts.map((chart) => chart.box));
    chartSettings(this);
    this.drawCharts();
  }

  addChart() {
    const shownNow = this.charts.map((chart) => chart.choice);
    const next =
      this.curves.metrics.find((name) => !shownNow.includes(name)) ?? this.curves.metrics[0];
    const chart = new Chart(this, next);
    this.charts.push(chart);
    byId("charts").append(chart.box);
    this.drawCharts();
    chart.choices.focus();
  }

  removeChart(chart) {
    this.charts = this.charts.filter((each) => each !== chart);
    chart.box.remove();
    this.drawCharts();
  }

  drawCharts() {
    const { items, note } = chartItems(this);
    this.items = items;
    if (!this.charts.length) {
      if (this.curves.metrics.length) this.startCharts();
      else this.onDrawn?.(items);
      return;
    }
    byId("drawn").textContent = note;
    for (const chart of this.charts) chart.update();
    showLegend(this);
    this.onDrawn?.(items);
  }

  narrow(range) {
    this.range = range;
    this.wholeRange.hidden = !range;
    for (const chart of this.charts) chart.paint();
  }

  /** Bring one item to the front, null for none. */
  highlight(name) {
    const place = byId("curves");
    place.classList.toggle("pointed", name !== null);
    for (const element of place.querySelectorAll("[data-key]"))
      element.classList.toggle("lit", element.dataset.key === name);
  }

  shortcut(event) {
    if (event.key === "Escape" && this.opened !== null && !event.target.closest("#query"))
      hideDetail(this);
    const typing = event.target.closest("input, select, textarea");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      byId("query").focus();
    }
  }
}

const app = new App(JSON.parse(byId("data").textContent));
startThemes();
app.start();
if (app.live) startLive(app);
document.documentElement.dataset.ready = "yes";
