// Numbers, times and values as people read them; the same forms as in the terminal.

/** A number with `digits` significant digits, without idle zeros. */
function number(value, digits = 4) {
  if (value === null || value === undefined) return "–";
  if (typeof value === "bigint" || typeof value === "string") return String(value);
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return String(value);
  const text = value.toPrecision(digits);
  const [mantissa, exponent] = (
    needsExponent(value) ? value.toExponential(digits - 1) : text
  ).split("e");
  const short = mantissa.includes(".") ? mantissa.replace(/\.?0+$/, "") : mantissa;
  return exponent === undefined ? short : `${short}e${Number(exponent)}`;
}

function needsExponent(value) {
  const size = Math.abs(value);
  return size !== 0 && (size < 1e-4 || size >= 1e6);
}

const isShare = (name) => /_(accuracy|error|frac)(:|$)/.test(name);
const isSeconds = (name) => /^seconds(_|$)/.test(name);
const largerIsBetter = (name) => /_accuracy(:|$)/.test(name);
const smallerIsBetter = (name) => /_(loss|rmse|error)(:|$)/.test(name);

/** A value by the name of what it measures: shares have four decimals, so that they compare. */
function measure(name, value) {
  if (typeof value !== "number" || !Number.isFinite(value)) return number(value);
  if (isShare(name)) return value.toFixed(4);
  if (isSeconds(name)) return duration(value);
  return number(value);
}

/** A time such as `0.81 s`, `12 s`, `3:05` or `2:15:00`. */
function duration(seconds) {
  if (!Number.isFinite(seconds)) return number(seconds);
  if (seconds < 0.0995) return `${number(seconds * 1000, 2)} ms`;
  if (seconds < 9.995) return `${seconds.toFixed(2)} s`;
  if (seconds < 59.5) return `${seconds.toFixed(0)} s`;
  const whole = Math.round(seconds);
  const [minutes, rest] = [Math.floor(whole / 60), whole % 60];
  const two = (value) => String(value).padStart(2, "0");
  return minutes < 60
    ? `${minutes}:${two(rest)}`
    : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(rest)}`;
}

const plural = (count, noun) => `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;

/** A cell's text, for a column `{name, kind}`. */
function shown(column, value) {
  if (value === null || value === undefined || value === "") return "–";
  if (column.kind === "number") return grouped(column.name, value);
  if (column.kind === "flag")
    return value === true ? "yes" : value === false ? "no" : String(value);
  if (column.kind === "tags") return Array.isArray(value) ? value.join(", ") || "–" : String(value);
  if (column.kind === "time") return String(value).slice(0, 16).replace("T", " ");
  return typeof value === "number" ? number(value) : visible(String(value));
}

const COUNTS = new Set(["parameters", "updates", "samples_per_second"]);

function grouped(name, value) {
  if (COUNTS.has(name) && Number.isFinite(value)) return Math.round(value).toLocaleString("en");
  return measure(name, value);
}

/** A text with its control characters spelled out, and without those that turn its direction. */
function visible(text) {
  return text.replace(
    /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Which of two values stands first; what is no number comes after numbers, nothing at the end. */
function compare(a, b, direction) {
  const [rankA, rankB] = [rank(a), rank(b)];
  if (rankA !== rankB) return rankA - rankB;
  if (rankA > 1) return 0;
  if (typeof a === "string" || typeof b === "string")
    return direction * collate(String(a), String(b));
  return a < b ? -direction : a > b ? direction : 0;
}

const collate = new Intl.Collator("en", { numeric: true }).compare;

function rank(value) {
  if (value === null || value === undefined || value === "") return 3;
  return typeof value === "number" && Number.isNaN(value) ? 2 : 0;
}
