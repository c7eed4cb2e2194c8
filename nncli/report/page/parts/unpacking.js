// From the JSON of the page back to tables and curves; `packing.py` and `curves.py` write it.

const NUMBERS = { __proto__: null, nan: NaN, inf: Infinity, "-inf": -Infinity };

/** The values of a packed column, `rows` of them. */
function unpack(packed, rows, kind = "number") {
  const restore = kind === "number" ? asNumber : (value) => value;
  if (Array.isArray(packed)) return packed.map(restore);
  if ("words" in packed) return packed.at.map((place) => packed.words[place]);
  if ("same" in packed) return new Array(rows).fill(restore(packed.same));
  if ("from" in packed)
    return Array.from({ length: rows }, (_, row) => packed.from + row * packed.step);
  return floats(packed.f32);
}

function asNumber(value) {
  if (typeof value !== "string") return value;
  return value in NUMBERS ? NUMBERS[value] : BigInt(value);
}

function floats(text) {
  const raw = atob(text);
  const bytes = new Uint8Array(raw.length);
  for (let place = 0; place < raw.length; place++) bytes[place] = raw.charCodeAt(place);
  // A plain array: what a Float32Array maps to would be numbers again.
  const view = new DataView(bytes.buffer);
  return Array.from({ length: raw.length / 4 }, (_, place) => view.getFloat32(4 * place, true));
}

/** A packed table as `{rows, columns: [{name, kind, group, values}]}`. */
function unpackTable(packed) {
  const columns = packed.columns.map((column) => ({
    ...column,
    values: unpack(column.values, packed.rows, column.kind),
  }));
  return { ...packed, columns };
}

/** Curves by run, each column unpacked when it is first asked for. */
class Curves {
  constructor(packed) {
    this.metrics = [];
    this.runs = new Map();
    this.add(packed);
  }

  /** Take in curves, in the place of those of the same runs. */
  add(packed) {
    for (const metric of packed.metrics)
      if (!this.metrics.includes(metric)) this.metrics.push(metric);
    for (const [run, curve] of Object.entries(packed.runs)) {
      this.runs.set(run, { packed: curve, columns: new Map() });
    }
  }

  has(run) {
    return this.runs.has(String(run));
  }

  drop(run) {
    this.runs.delete(String(run));
  }

  /** A column of a run's curve; null where it was not measured. */
  column(run, name) {
    const curve = this.runs.get(String(run));
    if (!curve || !(name in curve.packed)) return null;
    if (!curve.columns.has(name))
      curve.columns.set(name, unpack(curve.packed[name], curve.packed.rows));
    return curve.columns.get(name);
  }
}
