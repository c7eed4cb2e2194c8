// The filter: words that a row must hold, and conditions such as act=relu val_accuracy>0.9.
// Terms stand side by side and must all hold; `or` between them gives another chance.

const QUOTED = String.raw`"(?:[^"]|"")*"|'(?:[^']|'')*'|\S+`;
const TERM = new RegExp(
  String.raw`\s*(?:(and|or)(?=\s|$)` +
    String.raw`|([^\W\d][\w.:-]*)\s*(<=|>=|==|!=|[=<>~])\s*(${QUOTED})` +
    String.raw`|(${QUOTED}))`,
  "iuy",
);

/**
 * Read a filter into `{test, errors}`: `test(place)` says whether a run is shown.
 * What cannot be understood is said, and hides nothing.
 */
function readFilter(text, runs) {
  const errors = [];
  const either = [[]];
  TERM.lastIndex = 0;
  while (text.slice(TERM.lastIndex).trim()) {
    const found = TERM.exec(text);
    if (!found) break;
    const [, joint, name, sign, operand, word] = found;
    if (joint) {
      if (joint.toLowerCase() === "or") either.push([]);
    } else if (name) {
      const column = runs.find(name);
      if (column) either.at(-1).push(condition(column, sign, unquoted(operand)));
      else errors.push(`no field “${visible(name)}”${nearest(name, [...runs.columns.keys()])}`);
    } else {
      either.at(-1).push(mentions(unquoted(word).toLowerCase(), runs));
    }
  }
  const parts = either.filter((tests) => tests.length);
  const test = (place) =>
    !parts.length || parts.some((tests) => tests.every((each) => each(place)));
  return { test, errors };
}

function unquoted(text) {
  const quote = text[0];
  if ((quote !== '"' && quote !== "'") || text.length < 2 || text.at(-1) !== quote) return text;
  return text.slice(1, -1).replaceAll(quote + quote, quote);
}

/** A missing value equals nothing, and is neither below nor above anything. */
function condition(column, sign, operand) {
  const wanted = operand.toLowerCase();
  const asked = NUMBERS[wanted] ?? (operand.trim() === "" ? NaN : Number(operand));
  const numeric = wanted === "nan" || !Number.isNaN(asked);
  const equal = (value) => {
    if (value === null) return wanted === "none" || wanted === "null";
    if (Array.isArray(value)) return value.some((each) => each.toLowerCase() === wanted);
    if (typeof value === "boolean") return ["true", "yes", "1"].includes(wanted) === value;
    if (numeric && wanted === "nan") return Number.isNaN(value);
    if (numeric && typeof value !== "string") return value == asked;
    if (numeric && value.trim() !== "" && Number(value) === asked) return true;
    return String(value).toLowerCase() === wanted;
  };
  const order = (value) => {
    if (value === null || Number.isNaN(value)) return NaN;
    if (typeof value === "string" && !numeric)
      return value < operand ? -1 : value > operand ? 1 : 0;
    const amount = typeof value === "bigint" ? value : Number(value);
    return amount < asked ? -1 : amount > asked ? 1 : amount == asked ? 0 : NaN;
  };
  const tests = {
    "=": equal,
    "==": equal,
    "!=": (value) => !equal(value),
    "<": (value) => order(value) < 0,
    "<=": (value) => order(value) <= 0,
    ">": (value) => order(value) > 0,
    ">=": (value) => order(value) >= 0,
    "~": (value) => value !== null && pattern(wanted).test(String(value).toLowerCase()),
  };
  return (place) => tests[sign](column.values[place] ?? null);
}

/** A pattern with `*` and `?`; without either, a part of the text. */
function pattern(text) {
  const whole = /[*?]/.test(text);
  const plain = text
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(whole ? `^${plain}$` : plain, "s");
}

function mentions(word, runs) {
  const columns = [...runs.columns.values()].filter(
    (column) => column.kind !== "number" || column.name === "run",
  );
  return (place) =>
    columns.some((column) => {
      const value = column.values[place];
      if (value === null || value === undefined || typeof value === "boolean") return false;
      if (column.name === "run") return String(value) === word;
      return String(value).toLowerCase().includes(word);
    });
}

/** " (did you mean …?)" for the name that is nearest, or nothing. */
function nearest(word, names) {
  const near = names
    .map((name) => [distance(word.toLowerCase(), name.replace(/:.*/, "").toLowerCase()), name])
    .sort((a, b) => a[0] - b[0])[0];
  return near && near[0] <= Math.max(2, word.length / 3) ? ` (did you mean ${near[1]}?)` : "";
}

/** How many signs must change to make one word of another (Levenshtein 1966). */
function distance(a, b) {
  let above = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const line = [row];
    for (let column = 1; column <= b.length; column++) {
      const swap = above[column - 1] + (a[row - 1] === b[column - 1] ? 0 : 1);
      line.push(Math.min(swap, above[column] + 1, line[column - 1] + 1));
    }
    above = line;
  }
  return above[b.length];
}
