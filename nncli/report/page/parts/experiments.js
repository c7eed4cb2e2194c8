// Experiments: the way to each, its text, its verdicts, curves with bands, and its groups.

const CURVE_COLUMNS = ["picture", "line", "epoch", "mean", "low", "high"];

/** Signs of verdicts, so that no one has to tell them by their colour. */
const OUTCOMES = {
  __proto__: null,
  supported: ["✓", "good"],
  refuted: ["✗", "bad"],
  "refuted, as expected": ["✗", "going"],
  "supported, not as expected": ["✓", "bad"],
  undecided: ["?", "warn"],
};

function showExperiments(experiments) {
  const place = byId("experiments");
  if (experiments.length > 1) byId("contents").append(contentsOf(experiments));
  byId("contents").hidden = experiments.length < 2;
  experiments.forEach((each, index) => place.append(experimentOf(each, index)));
}

/** A list of links to the experiments, each with what its claims came to. */
function contentsOf(experiments) {
  return make(
    "ol",
    {},
    experiments.map((each, index) =>
      make(
        "li",
        {},
        make("a", { href: `#experiment-${index}` }, visible(each.title)),
        make("span", { class: "badges" }, countBadges(each)),
      ),
    ),
  );
}

/** Badges with the number of claims of each outcome. */
function countBadges(experiment) {
  const counts = new Map();
  for (const outcome of named(unpackTable(experiment.verdicts), "verdict")?.values ?? [])
    counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  return Object.keys(OUTCOMES)
    .filter((outcome) => counts.has(outcome))
    .map((outcome) => outcomeBadge(outcome, `${counts.get(outcome)} ${outcome}`));
}

function outcomeBadge(outcome, text) {
  const [sign, kind] = OUTCOMES[outcome] ?? ["", "plain"];
  return make(
    "span",
    { class: `badge ${kind}` },
    make("span", { "aria-hidden": "true" }, `${sign} `),
    text,
  );
}

function experimentOf(experiment, index) {
  const id = `experiment-${index}`;
  const curves = unpackTable(experiment.curves);
  const groups = unpackTable(experiment.groups);
  const verdicts = unpackTable(experiment.verdicts);
  return make(
    "section",
    { id, class: "experiment", "aria-labelledby": `${id}-title` },
    make("h2", { id: `${id}-title` }, visible(experiment.title)),
    make("p", { class: "note" }, experiment.facts.map(visible).join(" · ")),
    make("div", { class: "prose" }, experiment.text.map(blockOf)),
    verdicts.rows ? make("h3", {}, "Claims") : null,
    verdicts.rows ? make("div", { class: "card flush" }, verdictTable(verdicts)) : null,
    make(
      "div",
      { class: "pictures" },
      curves.rows ? curvesFigures(curves, experiment.metric) : null,
    ),
    experiment.notes.map((note) => make("p", { class: "note" }, visible(note))),
    groups.rows
      ? make(
          "details",
          { class: "values" },
          make("summary", {}, `${spoken(experiment.metric)} of each group`),
          make(
            "div",
            { class: "card flush" },
            smallTable(groups, `${experiment.title}: groups`, experiment.metric),
          ),
        )
      : null,
  );
}

/** A row a claim: its verdict, its sentence with the reason, and the figures. */
function verdictTable(table) {
  const value = (name, row) => named(table, name).values[row];
  const rows = Array.from({ length: table.rows }, (_, row) => {
    const outcome = String(value("verdict", row));
    return make(
      "tr",
      {},
      make("td", {}, outcomeBadge(outcome, outcome)),
      make(
        "td",
        { class: "says" },
        make("p", {}, visible(String(value("claim", row)))),
        make("p", { class: "measure" }, visible(String(value("measure", row)))),
        make("p", { class: "measure" }, visible(String(value("reason", row) ?? ""))),
        value("test", row)
          ? make("p", { class: "measure test" }, `test: ${visible(String(value("test", row)))}`)
          : null,
      ),
      ...["estimate", "interval", "n", "p_holm"].map((name) =>
        make("td", { class: "figure", "data-name": name }, figureText(value(name, row))),
      ),
    );
  });
  const heads = ["verdict", "claim", "estimate", "95% interval", "n", "p_holm"];
  return make(
    "table",
    { class: "verdicts" },
    make(
      "thead",
      {},
      make(
        "tr",
        {},
        heads.map((text) => make("th", { scope: "col" }, text)),
      ),
    ),
    make("tbody", {}, rows),
  );
}

const figureText = (value) => (typeof value === "string" ? visible(value) : number(value));

/** A figure a picture: means of groups by epoch, with a band from the lowest to the highest run. */
function curvesFigures(table, metric) {
  const [picture, line, x, y, low, high] = CURVE_COLUMNS.map((name) => named(table, name));
  const pictures = new Map();
  for (let row = 0; row < table.rows; row++) {
    const title = visible(String(picture.values[row]));
    const label = visible(String(line.values[row]));
    if (!pictures.has(title)) pictures.set(title, new Map());
    const lines = pictures.get(title);
    if (!lines.has(label)) lines.set(label, []);
    lines.get(label).push({
      x: Number(x.values[row]),
      y: y.values[row] ?? NaN,
      low: low.values[row] ?? NaN,
      high: high.values[row] ?? NaN,
    });
  }
  const name = metric.split(":")[0];
  return [...pictures].map(([title, lines]) => {
    const means = [...lines.values()].flat().map((point) => point.y);
    const logY = /_loss$/.test(name) && isWideSpan(means);
    const figure = lineFigure(lines, x, { name: `mean ${name}` }, (points) => points, false, logY);
    if (title) figure.querySelector("figcaption").prepend(`${title}: `);
    return figure;
  });
}

/** Whether numbers, all above 0, span more than a picture shows on an even axis. */
function isWideSpan(values) {
  const finite = values.filter(Number.isFinite);
  const low = finite.reduce((least, value) => Math.min(least, value), Infinity);
  const high = finite.reduce((most, value) => Math.max(most, value), 0);
  return low > 0 && high / low > LOG_SPAN;
}

const BLOCKS = { __proto__: null, p: "p", h: "h3", pre: "pre", ul: "ul", ol: "ol", li: "li" };
const PARTS = { __proto__: null, em: "em", strong: "strong", code: "code" };

/** A block of a text; `[tag, ...parts]`, as `markdown.py` makes it. */
function blockOf([tag, ...parts]) {
  const name = BLOCKS[tag] ?? PARTS[tag];
  if (tag === "a") {
    const [address, ...inside] = parts;
    const settings = { href: address, rel: "noopener noreferrer", target: "_blank" };
    return make("a", settings, inside.map(partOf));
  }
  return name ? make(name, {}, parts.map(partOf)) : null;
}

const partOf = (part) => (typeof part === "string" ? visible(part) : blockOf(part));
