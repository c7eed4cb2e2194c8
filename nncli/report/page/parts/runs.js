// The runs of the page: columns by name, rows by place, and what can be said of them.

class Runs {
  constructor(table) {
    this.load(table);
  }

  /** Take a table in the place of what is there. */
  load(table) {
    this.size = table.rows;
    this.columns = new Map(table.columns.map((column) => [column.name, column]));
    this.places = new Map(this.values("run").map((run, place) => [String(run), place]));
  }

  values(name) {
    return this.columns.get(name)?.values ?? [];
  }

  value(place, name) {
    return this.columns.get(name)?.values[place] ?? null;
  }

  id(place) {
    return String(this.value(place, "run"));
  }

  /** A run as people call it: its number, and its name where it has one. */
  title(place) {
    const name = this.value(place, "name");
    return name ? `${this.id(place)} ${visible(String(name))}` : this.id(place);
  }

  /** Whether not all runs have the same value. */
  differs(name) {
    const values = this.values(name);
    const first = key(values[0]);
    return values.some((value) => key(value) !== first);
  }

  /** Whether some run has a value. */
  known(name) {
    return this.values(name).some((value) => value !== null && value !== "" && value?.length !== 0);
  }

  /** The column that a person means: its label, a metric without `:best`, or `best_metric`. */
  find(name) {
    const plain = name.replaceAll("-", "_");
    const names = [plain, `${plain}:best`, `${plain.replace(/^best_/, "")}:best`];
    return this.columns.get(names.find((each) => this.columns.has(each)) ?? "") ?? null;
  }

  /** The fields of the specification in which runs differ, but for the seed. */
  settings() {
    return [...this.columns.values()]
      .filter((column) => column.group === "specification" && column.name !== "seed")
      .map((column) => column.name)
      .filter((name) => this.differs(name));
  }

  /** How many runs ended how, most first. */
  statuses() {
    const counts = new Map();
    for (const status of this.values("status")) counts.set(status, (counts.get(status) ?? 0) + 1);
    return [...counts].sort((a, b) => b[1] - a[1]);
  }

  /** Replace or add the runs of `table`, and drop those `removed`; the newest stand first. */
  merge(table, removed) {
    const gone = new Set(removed.map(String));
    const names = [
      ...new Set([...this.columns.keys(), ...table.columns.map((column) => column.name)]),
    ];
    const rows = new Map();
    const take = (source, size) => {
      const columns = names.map((name) => source.get(name)?.values);
      const ids = source.get("run")?.values ?? [];
      for (let place = 0; place < size; place++) {
        rows.set(
          String(ids[place]),
          columns.map((values) => values?.[place] ?? null),
        );
      }
    };
    const incoming = new Map(table.columns.map((column) => [column.name, column]));
    take(this.columns, this.size);
    take(incoming, table.rows);
    const kept = [...rows]
      .filter(([run]) => !gone.has(run))
      .sort((a, b) => Number(b[0]) - Number(a[0]));
    const columns = names.map((name, index) => {
      const [former, latter] = [this.columns.get(name), incoming.get(name)];
      const kind = latter && latter.kind !== "text" ? latter.kind : (former ?? latter).kind;
      return { ...(former ?? latter), kind, values: kept.map(([, row]) => row[index]) };
    });
    this.load({ rows: kept.length, columns });
  }
}

/** A value as something that can be compared and looked up. */
function key(value) {
  return value === undefined
    ? "null"
    : typeof value === "bigint"
      ? String(value)
      : Number.isNaN(value)
        ? "nan"
        : JSON.stringify(value);
}
