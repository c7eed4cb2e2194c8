// Which columns of the runs are shown: those that differ first; what is common stands above.

/** Fields that every table of runs begins with, and those that stand behind the results. */
const LEADING = ["run", "name", "status"];
const TRAILING = ["epochs", "seconds_train", "tags", "note"];

/** Results shown at first, as far as some run has them. */
const RESULTS = [
  "val_accuracy:best",
  "val_rmse:best",
  "val_loss:best",
  "test_accuracy",
  "test_rmse",
  "train_loss:last",
];
const MOST_RESULTS = 4;

/** Fields of the specification that say most; the others follow in their own order. */
const TELLING = [
  "data",
  "target",
  "task",
  "features",
  "hidden",
  "act",
  "out_act",
  "loss",
  "init",
  "bn",
  "dropout",
  "opt",
  "lr",
  "momentum",
  "schedule",
  "warmup",
  "batch_size",
  "weight_decay",
  "l1",
];

/** Columns beyond this number wait in the list of columns. */
const MOST_COLUMNS = 14;

/** Names with the telling ones first. */
function telling(names) {
  const place = (name) => (TELLING.includes(name) ? TELLING.indexOf(name) : TELLING.length);
  return [...names].sort((a, b) => place(a) - place(b));
}

/** The names of the columns to show at first. */
function usualColumns(runs, metric) {
  const has = (name) => runs.columns.has(name) && runs.known(name);
  const results = [...new Set([metric, ...RESULTS])]
    .filter((name) => name && has(name))
    .slice(0, MOST_RESULTS);
  const { kept } = tellingApart(runs);
  const following = telling(runs.settings()).filter((name) => !kept.includes(name));
  const settings = [...kept, ...(runs.differs("seed") ? ["seed"] : [])];
  const leading = LEADING.filter((name) => name === "run" || has(name));
  const rest = [...results, ...TRAILING.filter(has)];
  const room = Math.max(3, MOST_COLUMNS - leading.length - rest.length);
  return [...leading, ...settings.slice(0, room), ...rest, ...following].slice(0, MOST_COLUMNS);
}

/**
 * The settings that tell runs apart but for the seed. One that follows from those before it, as the
 * initializer often does from the activation, is left out.
 */
function tellingApart(runs) {
  let kinds = runs.values("run").map(() => "");
  const kept = [];
  for (const name of telling(runs.settings())) {
    const finer = kinds.map((kind, place) => `${kind} ${key(runs.value(place, name))}`);
    if (new Set(finer).size === new Set(kinds).size) continue;
    kinds = finer;
    kept.push(name);
  }
  return { kept, groups: new Set(kinds).size };
}

/** Columns by heading, in the order of the list of columns. */
function byHeading(runs) {
  const headings = new Map();
  for (const column of runs.columns.values()) {
    const heading = column.group ?? "other";
    if (!headings.has(heading)) headings.set(heading, []);
    headings.get(heading).push(column);
  }
  return headings;
}

/** What all runs have in common, as pairs of name and text. */
function commonValues(runs) {
  if (runs.size < 2) return [];
  const names = telling([...runs.columns.keys()]);
  return names
    .map((name) => runs.columns.get(name))
    .filter((column) => !["run", "results", "cost"].includes(column.group))
    .filter((column) => runs.known(column.name) && !runs.differs(column.name))
    .map((column) => [column.name, shown(column, column.values[0]), column.group]);
}

/** Values named in one line; the others wait behind it. */
const FIRST_COMMON = 6;

/** Show what all runs have in common: what was specified, then the environment. */
function showCommon(runs) {
  const pairs = commonValues(runs).sort(
    (a, b) => (a[2] === "environment") - (b[2] === "environment"),
  );
  const list = (chosen) =>
    make(
      "dl",
      { class: "pairs" },
      chosen.map(([name, text]) => make("div", {}, make("dt", {}, name), make("dd", {}, text))),
    );
  const first = pairs
    .slice(0, FIRST_COMMON)
    .map(([name, text]) => `${name} ${text}`)
    .join(", ");
  const more = pairs.length > FIRST_COMMON ? ` and ${pairs.length - FIRST_COMMON} more` : "";
  const sheet = make(
    "details",
    { class: "common" },
    make("summary", {}, "The same in all runs: ", make("span", {}, first), more),
    list(pairs),
  );
  byId("common").replaceChildren(...(pairs.length ? [sheet] : []));
}

/** The list of columns, to tick those that are to be shown. */
function columnChooser(app, changed) {
  const box = make("details", { class: "chooser" }, make("summary", {}, "Columns"));
  const fill = () => {
    const sheet = make("div", {
      class: "sheet",
      role: "group",
      "aria-label": "Columns of the table",
    });
    sheet.append(
      button(
        "As at first",
        () => {
          app.columns = usualColumns(app.runs, app.metric);
          app.columnsChosen = false;
          fill();
          changed();
        },
        { class: "quiet" },
      ),
    );
    for (const [heading, columns] of byHeading(app.runs)) {
      const ticks = columns.map((column) => {
        const name = column.name;
        const note = !app.runs.known(name) ? "none" : app.runs.differs(name) ? "" : "same";
        return tick(
          name,
          app.columns.includes(name),
          (on) => {
            app.columnsChosen = true;
            app.columns = on ? [...app.columns, name] : app.columns.filter((each) => each !== name);
            changed();
          },
          { class: note ? "tick faint" : "tick" },
        );
      });
      sheet.append(make("fieldset", {}, make("legend", {}, heading), ticks));
    }
    box.replaceChildren(box.firstElementChild, sheet);
  };
  box.addEventListener("toggle", () => {
    if (box.open) fill();
  });
  return folding(box);
}
