// Means and bands over the runs of a group, at each place of the x axis.

/** 0.975 quantiles of Student's t by degrees of freedom; beyond them the normal's (within 2%). */
const T975 = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145,
  2.131, 2.12, 2.11, 2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048,
  2.045, 2.042,
];

const BANDS = [
  ["range", "lowest to highest"],
  ["deviation", "mean ± deviation"],
  ["interval", "95% of the mean (t)"],
];

/** `{mean, low, high}` of finite numbers; the band is the mean itself where there is one alone. */
function spread(values, band) {
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  if (n < 2) return { mean, low: mean, high: mean };
  if (band === "range") return { mean, low: Math.min(...values), high: Math.max(...values) };
  const deviation = Math.sqrt(
    values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1),
  );
  const half =
    band === "deviation" ? deviation : ((T975[n - 2] ?? 1.96) * deviation) / Math.sqrt(n);
  return { mean, low: mean - half, high: mean + half };
}

/**
 * Join curves `[{x, y}]` into points `{x, y, low, high, n, of}`.
 * On a common x axis (epochs, updates) values meet at equal x; on seconds they are interpolated.
 */
function joined(curves, band, common) {
  const places = common ? commonPlaces(curves) : evenPlaces(curves, 200);
  const readers = curves.map((curve) => (common ? exactly(curve) : between(curve)));
  const points = [];
  for (const x of places) {
    const found = readers.map((read) => read(x)).filter((value) => value !== null);
    const finite = found.filter(Number.isFinite);
    if (!finite.length) continue;
    const { mean, low, high } = spread(finite, band);
    points.push({ x, y: mean, low, high, n: finite.length, of: curves.length });
  }
  return points;
}

function commonPlaces(curves) {
  const places = new Set();
  for (const { x } of curves) for (const each of x) places.add(each);
  return [...places].sort((a, b) => a - b);
}

function evenPlaces(curves, count) {
  const ends = curves.filter(({ x }) => x.length);
  if (!ends.length) return [];
  const low = Math.min(...ends.map(({ x }) => x[0]));
  const high = Math.max(...ends.map(({ x }) => x[x.length - 1]));
  return Array.from({ length: count }, (_, place) => low + ((high - low) * place) / (count - 1));
}

function exactly({ x, y }) {
  const values = new Map();
  for (let place = 0; place < x.length; place++) values.set(x[place], y[place]);
  return (at) => values.get(at) ?? null;
}

/** Between two points, on the straight line; beyond the ends there is nothing. */
function between({ x, y }) {
  return (at) => {
    if (!x.length || at < x[0] || at > x[x.length - 1]) return null;
    const right = lowerBound(x, at);
    if (x[right] === at || right === 0) return y[right];
    const share = (at - x[right - 1]) / (x[right] - x[right - 1]);
    return y[right - 1] + share * (y[right] - y[right - 1]);
  };
}

/** The first place of a rising array that is not below a value. */
function lowerBound(sorted, value) {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Exponential moving average, unbiased at its start (Kingma & Ba 2015, sec. 3); gaps stay gaps. */
function smoothed(values, weight) {
  let [sum, share] = [0, 0];
  return Array.from(values, (value) => {
    if (value === null || !Number.isFinite(value)) return value;
    sum = weight * sum + (1 - weight) * value;
    share = weight * share + (1 - weight);
    return sum / share;
  });
}
