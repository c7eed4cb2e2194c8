// Axes: where a value stands, and which values are written beside it.

/** A scale from values to CSS pixels; logarithmic ones have no place for what is not positive. */
function scale(low, high, from, to, isLog) {
  const value = isLog ? Math.log10 : (each) => each;
  let [first, last] = [value(low), value(high)];
  if (!(last > first)) [first, last] = [first - 0.5, last + 0.5];
  const place = (each) => from + ((to - from) * (value(each) - first)) / (last - first);
  const back = (pixel) => {
    const found = first + ((last - first) * (pixel - from)) / (to - from);
    return isLog ? 10 ** found : found;
  };
  return { place, back, low, high, isLog };
}

/** Values to write beside an axis, about `count` of them. */
function ticks(low, high, count, isLog) {
  if (isLog) {
    const found = logTicks(low, high, count);
    if (found.length >= 2) return found;
  }
  const step = niceStep((high - low) / Math.max(1, count));
  if (!(step > 0) || !Number.isFinite(step)) return [low];
  const found = [];
  for (let each = Math.ceil(low / step - 1e-9); each * step <= high + step * 1e-9; each++) {
    found.push(Number((each * step).toPrecision(12)));
  }
  return found;
}

function niceStep(rough) {
  const size = 10 ** Math.floor(Math.log10(rough));
  const share = rough / size;
  return size * (share <= 1 ? 1 : share <= 2 ? 2 : share <= 5 ? 5 : 10);
}

function logTicks(low, high, count) {
  const [first, last] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  const decades = last - first;
  const within = decades <= count / 3 ? [1, 2, 5] : decades <= count ? [1] : null;
  const stride = within ? 1 : Math.ceil(decades / count);
  const found = [];
  for (let decade = first; decade <= last; decade += stride) {
    for (const part of within ?? [1]) {
      const each = Number(`${part}e${decade}`);
      if (each >= low * (1 - 1e-9) && each <= high * (1 + 1e-9)) found.push(each);
    }
  }
  return found;
}

/** A value beside an axis. */
function tickText(value) {
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e5)) {
    const [mantissa, exponent] = value.toExponential(2).split("e");
    return `${mantissa.replace(/\.?0+$/, "")}e${Number(exponent)}`;
  }
  return number(value, 6);
}

/** The span of finite numbers, with a little room around; null where there are none. */
function span(values, isLog, room = 0.04) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (!Number.isFinite(value) || (isLog && value <= 0)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (low > high) return null;
  if (isLog) {
    const margin = (high / low) ** room;
    return margin > 1 ? [low / margin, high * margin] : [low / 2, high * 2];
  }
  const margin = (high - low) * room || Math.abs(high) * 0.05 || 0.5;
  return [low - margin, high + margin];
}
