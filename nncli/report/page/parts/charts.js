// The charts of the page: their settings, the lines that they share, and the legend.

/** A loss is drawn on a logarithmic axis where it spans more than this, as in the terminal. */
const LOG_SPAN = 20;

class Chart {
  constructor(app, choice) {
    this.app = app;
    this.choice = choice;
    this.logY = null;
    this.svg = draw("svg", { role: "img", width: "100%" });
    this.plot = make("div", { class: "plot", tabindex: "0", role: "group" }, this.svg);
    this.box = make("figure", { class: "card chart" }, this.header(), this.plot);
    this.hover = new Hover(this);
    this.width = 0;
    new ResizeObserver(
      nextFrame(() => {
        if (Math.abs(this.plot.clientWidth - this.width) > 1) this.paint();
      }),
    ).observe(this.plot);
  }

  metrics() {
    return metricsOf(this.choice, this.app.curves.metrics);
  }

  /** The controls above the picture, made once; `update` brings them up to date. */
  header() {
    const { app } = this;
    this.choices = make("select", {
      "aria-label": "Metric of this chart",
      on: {
        change: () => {
          this.choice = this.choices.value;
          this.logY = null;
          this.update();
        },
      },
    });
    this.logTick = tick("log y", false, (on) => {
      this.logY = on;
      this.paint();
    });
    this.remove = button("×", () => app.removeChart(this), { class: "quiet" });
    return make(
      "div",
      { class: "chart-head" },
      this.choices,
      this.logTick,
      button("Save SVG", () => saveSvg(this), { class: "quiet" }),
      this.remove,
    );
  }

  /** Offer the metrics that there are by now. */
  offer() {
    const choices = chartChoices(this.app.curves.metrics);
    if (choices.length !== this.choices.length) {
      this.choices.replaceChildren(
        ...choices.map(([value, text]) => make("option", { value }, text)),
      );
    }
    this.choices.value = this.choice;
    this.logTick.firstElementChild.checked = this.isLog();
    this.remove.hidden = this.app.charts.length < 2;
    this.remove.setAttribute("aria-label", `Remove the chart of ${this.choice}`);
  }

  isLog() {
    if (this.logY !== null) return this.logY;
    if (!this.metrics().every((metric) => /_loss$|grad_norm/.test(metric))) return false;
    let [low, high] = [Infinity, 0];
    for (const { points } of this.lines ?? []) {
      for (const { y } of points) {
        if (Number.isFinite(y) && y <= 0) return false;
        if (y < low) low = y;
        if (y > high && Number.isFinite(y)) high = y;
      }
    }
    return high / low > LOG_SPAN;
  }

  update() {
    this.lines = chartLines(this.app, this.choice, this.app.items);
    this.offer();
    this.paint();
  }

  paint() {
    const { settings, hidden, range } = this.app;
    this.width = this.plot.clientWidth;
    if (!this.width || !this.lines) return;
    const lines = this.lines.filter((line) => !hidden.has(line.item.key));
    const names = this.metrics().join(" and ");
    this.plot.setAttribute(
      "aria-label",
      `${names} by ${settings.x}: arrow keys go through the values`,
    );
    this.svg.setAttribute(
      "aria-label",
      `${names} by ${settings.x}, ${plural(lines.length, "line")}`,
    );
    this.geometry = drawPlot(this.svg, lines, {
      width: this.width,
      height: this.width < 480 ? 260 : PLOT_HEIGHT,
      xName: AXES[settings.x],
      logX: settings.logX,
      logY: this.isLog(),
      range,
    });
  }
}

/** Keep a chart as a picture of its own, with the look that it has now. */
function saveSvg(chart) {
  const copy = chart.svg.cloneNode(true);
  const [from, to] = [chart.svg, copy].map((each) => [each, ...each.querySelectorAll("*")]);
  const looks = [
    "stroke",
    "stroke-width",
    "stroke-dasharray",
    "stroke-opacity",
    "fill",
    "fill-opacity",
    "font",
    "opacity",
  ];
  from.forEach((element, place) => {
    const found = getComputedStyle(element);
    for (const look of looks) to[place].style.setProperty(look, found.getPropertyValue(look));
  });
  copy.setAttribute("width", chart.width);
  const text = new XMLSerializer().serializeToString(copy);
  const link = make("a", { download: `${chart.choice}.svg` });
  link.href = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

/** The settings that all charts share. */
function chartSettings(app) {
  const { settings } = app;
  const change = (name) => (value) => {
    settings[name] = value;
    if (name === "x") app.narrow(null);
    app.drawCharts();
  };
  const fields = [...app.runs.settings(), ...(app.runs.differs("seed") ? ["seed"] : [])];
  const band = labelled("Band", choice(BANDS, settings.band, change("band")));
  band.hidden = settings.each;
  const grouping = fields.length ? groupChooser(app, fields) : null;
  const kind = choice(
    [
      ["groups", "mean and band"],
      ["each", "every run"],
    ],
    settings.each ? "each" : "groups",
    (value) => {
      settings.each = value === "each";
      band.hidden = settings.each;
      app.hidden.clear();
      grouping?.tell();
      app.drawCharts();
    },
  );
  const weight = make("input", {
    type: "range",
    min: 0,
    max: 0.98,
    step: 0.02,
    value: settings.smoothing,
    on: { input: (event) => change("smoothing")(Number(event.target.value)) },
  });
  byId("chart-settings").replaceChildren(
    ...(app.runs.size > 1
      ? [labelled("Lines", kind), ...(grouping ? [grouping.box] : []), band]
      : []),
    labelled("X axis", choice(Object.keys(AXES), settings.x, change("x"))),
    tick("log x", settings.logX, change("logX")),
    labelled("Smoothing", weight),
    button("Add chart", () => app.addChart(), { class: "quiet" }),
    app.wholeRange,
  );
}

/** The fields by which runs are joined or coloured, to be ticked. */
function groupChooser(app, fields) {
  const { settings } = app;
  const word = () => (settings.each ? "Colour by" : "Group by");
  const summary = make("summary");
  const tell = () => {
    summary.textContent = `${word()}: ${settings.by.join(", ") || "nothing"}`;
  };
  const ticks = fields.map((field) =>
    tick(field, settings.by.includes(field), (on) => {
      settings.by = fields.filter((each) => (each === field ? on : settings.by.includes(each)));
      tell();
      app.hidden.clear();
      app.drawCharts();
    }),
  );
  tell();
  const sheet = make("div", { class: "sheet", role: "group", "aria-label": "Fields" }, ticks);
  return { box: folding(make("details", { class: "chooser" }, summary, sheet)), tell };
}

/** The legend: a button an item, pressed while its lines are shown. */
function showLegend(app) {
  const buttons = app.items.map((item) => {
    const control = button(
      "",
      () => {
        if (!app.hidden.delete(item.key)) app.hidden.add(item.key);
        control.setAttribute("aria-pressed", String(!app.hidden.has(item.key)));
        for (const chart of app.charts) chart.paint();
      },
      { "aria-pressed": String(!app.hidden.has(item.key)), "data-key": item.key },
    );
    control.append(make("i", { class: `swatch tone${item.tone}` }), make("span", {}, item.label));
    for (const event of ["pointerenter", "focus"])
      control.addEventListener(event, () => app.highlight(item.key));
    for (const event of ["pointerleave", "blur"])
      control.addEventListener(event, () => app.highlight(null));
    return control;
  });
  byId("legend").replaceChildren(...buttons);
}
