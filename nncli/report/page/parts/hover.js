// Pointing at a chart: the values there, by pointer or by arrow keys; dragging narrows the axis.

/** Rows of values beside the pointer. */
const MOST_VALUES = 9;

class Hover {
  constructor(chart) {
    this.chart = chart;
    this.tip = make("div", { class: "tip", hidden: true, "aria-live": "polite" });
    this.start = null;
    const { plot } = chart;
    plot.append(this.tip);
    plot.addEventListener("pointermove", (event) => this.move(event));
    plot.addEventListener("pointerdown", (event) => this.press(event));
    plot.addEventListener("pointerup", (event) => this.release(event));
    plot.addEventListener("pointerleave", () => this.leave());
    plot.addEventListener("blur", () => this.leave());
    plot.addEventListener("dblclick", () => this.chart.app.narrow(null));
    plot.addEventListener("keydown", (event) => this.step(event));
  }

  where(event) {
    const box = this.chart.svg.getBoundingClientRect();
    const share = this.chart.width / box.width || 1;
    return { x: (event.clientX - box.left) * share, y: (event.clientY - box.top) * share };
  }

  move(event) {
    if (!this.chart.geometry) return;
    const at = this.where(event);
    if (this.start !== null && Math.abs(at.x - this.start) > 6) this.selection(this.start, at.x);
    this.show(at.x, at.y);
  }

  press(event) {
    if (event.button === 0 && event.pointerType === "mouse" && this.chart.geometry)
      this.start = this.where(event).x;
  }

  release(event) {
    if (this.start === null || !this.chart.geometry) return;
    const ends = [this.start, this.where(event).x].sort((a, b) => a - b);
    this.start = null;
    this.leave();
    if (ends[1] - ends[0] > 6) this.chart.app.narrow(ends.map(this.chart.geometry.xs.back));
  }

  /** Mark what dragging has covered. */
  selection(from, to) {
    const { frame } = this.chart.geometry;
    this.swept = draw("rect", {
      class: "swept",
      x: Math.min(from, to),
      y: frame.top,
      width: Math.abs(to - from),
      height: frame.bottom - frame.top,
    });
  }

  leave() {
    this.start = null;
    this.swept = null;
    this.tip.hidden = true;
    this.index = null;
    this.chart.geometry?.marker.replaceChildren();
    this.chart.app.highlight(null);
  }

  /** Arrow keys go from value to value of the first line. */
  step(event) {
    const { geometry } = this.chart;
    const way = { ArrowRight: 1, ArrowLeft: -1, Home: -Infinity, End: Infinity }[event.key];
    if (event.key === "Escape") this.leave();
    if (!way || !geometry?.lines.length) return;
    event.preventDefault();
    const { points } = geometry.lines[0];
    const next = (this.index ?? (way > 0 ? -1 : points.length)) + way;
    this.index = Math.max(0, Math.min(points.length - 1, next));
    const point = points[this.index];
    this.show(geometry.xs.place(point.x), geometry.ys.place(point.y));
  }

  /** Show the values at a place of the picture. */
  show(x, y) {
    const { geometry } = this.chart;
    const at = geometry.xs.back(Math.max(geometry.frame.left, Math.min(geometry.frame.right, x)));
    const found = geometry.lines
      .map((line) => ({ line, point: nearestPoint(line.points, at) }))
      .filter(({ point }) => point)
      .map((each) => ({ ...each, away: Math.abs(geometry.ys.place(each.point.y) - y) || 0 }));
    if (!found.length) return;
    const near = found.reduce((best, each) => (each.away < best.away ? each : best));
    const listed = found
      .sort((a, b) => a.away - b.away)
      .slice(0, MOST_VALUES)
      .sort((a, b) => b.point.y - a.point.y);
    this.mark(geometry, near, listed);
    this.chart.app.highlight(near.line.item.key);
    this.tip.replaceChildren(
      make("p", { class: "at" }, `${this.chart.app.settings.x} ${number(near.point.x, 5)}`),
      make(
        "ul",
        {},
        listed.map((each) => this.value(each, each === near)),
      ),
      found.length > listed.length
        ? make("p", { class: "more" }, `and ${found.length - listed.length} more`)
        : null,
    );
    this.place(geometry.xs.place(near.point.x), geometry.frame);
  }

  value({ line, point }, isNear) {
    const name = line.metric;
    const band =
      isNear && point.low !== undefined && point.n > 1
        ? `  [${measure(name, point.low)}, ${measure(name, point.high)}]`
        : "";
    const text = `${measure(name, point.y)}${band}`;
    const count = point.n !== undefined && point.n < point.of ? `, ${point.n} of ${point.of}` : "";
    const split = this.chart.metrics().length > 1 ? `${name.split("_")[0]} ` : "";
    return make(
      "li",
      { class: isNear ? "near" : null },
      make("i", { class: `swatch tone${line.item.tone}${line.dashed ? " dashed" : ""}` }),
      make("b", {}, text),
      make("span", {}, `${split}${line.item.label}${count}`),
    );
  }

  mark(geometry, near, listed) {
    const { frame, xs, ys, marker } = geometry;
    const x = xs.place(near.point.x);
    const dots = listed
      .filter(({ point }) => stands(point, xs, ys))
      .map(({ line, point }) =>
        draw("circle", {
          class: `tone${line.item.tone}`,
          cx: xs.place(point.x),
          cy: ys.place(point.y),
          r: line === near.line ? 4.5 : 3,
        }),
      );
    marker.replaceChildren(
      ...(this.swept ? [this.swept] : []),
      segment(x, frame.top, x, frame.bottom),
      ...dots,
    );
  }

  /** Put the values beside the place, on the side that has room. */
  place(x, frame) {
    this.tip.hidden = false;
    const share = this.chart.svg.getBoundingClientRect().width / this.chart.width || 1;
    const room = this.chart.plot.clientWidth;
    const wide = this.tip.offsetWidth;
    const at = x * share;
    const left = at < room / 2 ? Math.min(at + 14, room - wide) : Math.max(0, at - wide - 14);
    this.tip.style.setProperty("left", `${Math.max(0, left)}px`);
    this.tip.style.setProperty("top", `${frame.top}px`);
  }
}

/** The point of a rising list that is nearest to x; null if it is not finite. */
function nearestPoint(points, x) {
  if (!points.length) return null;
  let [low, high] = [0, points.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (points[middle].x < x) low = middle + 1;
    else high = middle;
  }
  const [before, after] = [points[Math.max(0, low - 1)], points[Math.min(points.length - 1, low)]];
  const near = Math.abs(before.x - x) <= Math.abs(after.x - x) ? before : after;
  return Number.isFinite(near.y) ? near : null;
}
