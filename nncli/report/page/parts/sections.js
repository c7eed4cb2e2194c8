// Groups, comparison and the further sections, each as tables and, where they fit, as pictures.

function showTables(data) {
  for (const name of ["groups", "comparison"]) {
    if (!data[name]) continue;
    const place = byId(name);
    const table = unpackTable(data[name]);
    place.hidden = false;
    place.append(...(data.remarks[name] ?? []).map((note) => make("p", { class: "note" }, note)));
    place.append(
      make(
        "div",
        { class: "card flush" },
        smallTable(table, name === "groups" ? "Groups" : "Comparison", data.metric ?? ""),
      ),
    );
    if (!table.rows) place.append(make("p", { class: "note" }, "Nothing to show: no run fits."));
  }
  data.sections.forEach((section, index) =>
    byId("sections").append(sectionOf(section, index, data.metric ?? "")),
  );
}

function sectionOf(section, index, metric) {
  const id = `section-${index}`;
  const tables = section.tables.map((each) => ({ title: each.title, ...unpackTable(each) }));
  const drawn = picturesOrNone(section.kind, tables, metric);
  const overlaid = section.kind === "boundary" && drawn.size ? tables.slice(1) : [];
  const titled = (table) =>
    tables.length > 1 && table.title !== section.title
      ? make("h3", {}, spoken(visible(table.title)))
      : null;
  const listed = (table) =>
    make(
      "div",
      { class: "part" },
      titled(table),
      make("div", { class: "card flush" }, smallTable(table, table.title || section.title, metric)),
    );
  const values = [...drawn.keys(), ...overlaid];
  return make(
    "section",
    { id, class: isWide(section.kind, drawn) ? "wide" : null, "aria-labelledby": `${id}-title` },
    make("h2", { id: `${id}-title` }, section.title),
    section.notes.map((note) => make("p", { class: "note" }, note)),
    drawn.size ? make("div", { class: "pictures" }, ...drawn.values()) : null,
    tables.filter((table) => !values.includes(table)).map(listed),
    values.length
      ? make(
          "details",
          { class: "values" },
          make("summary", {}, "The values as a table"),
          values.map(listed),
        )
      : null,
  );
}

/** Whether a section takes the whole width: tables alone, and what has several pictures. */
function isWide(kind, drawn) {
  const figures = [...drawn.values()].flat().length;
  return figures !== 1 || kind === "parallel";
}

/** The pictures of a section; should they fail, its tables are there all the same. */
function picturesOrNone(kind, tables, metric) {
  try {
    return picturesOf(kind, tables, metric);
  } catch (error) {
    console.error(error);
    return new Map();
  }
}
