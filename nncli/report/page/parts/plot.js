// One picture of lines over an axis: bands, lines, gridlines and what is written beside them.

const PLOT_HEIGHT = 320;

/**
 * Draw `lines` into `svg`, and return the geometry that pointing needs; null without a value.
 * `view` is `{width, height, xName, yName, logX, logY, range}`; `range` narrows x.
 */
function drawPlot(svg, lines, view) {
  const inside = (point) => !view.range || (point.x >= view.range[0] && point.x <= view.range[1]);
  const points = lines.flatMap((line) => line.points.filter(inside));
  const [logX, logY] = [view.logX, view.logY];
  const xSpan =
    view.range ??
    span(
      points.map((point) => point.x),
      logX,
      0,
    );
  const ySpan = span(
    points.flatMap((point) => [point.y, point.low ?? point.y, point.high ?? point.y]),
    logY,
  );
  svg.setAttribute("viewBox", `0 0 ${view.width} ${view.height}`);
  svg.setAttribute("height", view.height);
  if (!xSpan || !ySpan) {
    const why = points.length
      ? "No value here can be drawn: all are nan, infinite, or not above 0 on a logarithmic axis."
      : "Nothing was measured here.";
    svg.replaceChildren(
      draw("text", { class: "empty", x: view.width / 2, y: view.height / 2 }, why),
    );
    return null;
  }
  const yTicks = ticks(...ySpan, Math.max(3, Math.floor(view.height / 56)), logY);
  const left = 14 + 7 * Math.max(...yTicks.map((each) => tickText(each).length));
  const frame = { left, right: view.width - 12, top: 10, bottom: view.height - 40 };
  const xs = scale(...xSpan, frame.left, frame.right, logX);
  const ys = scale(...ySpan, frame.bottom, frame.top, logY);
  const xTicks = ticks(...xSpan, Math.max(2, Math.floor((frame.right - frame.left) / 90)), logX);
  const place = (point) => ({ x: xs.place(point.x), y: ys.place(point.y) });
  const inner = draw("svg", {
    x: frame.left,
    y: frame.top,
    width: frame.right - frame.left,
    height: frame.bottom - frame.top,
    viewBox: `${frame.left} ${frame.top} ${frame.right - frame.left} ${frame.bottom - frame.top}`,
    class: "inner",
  });
  for (const line of lines) inner.append(lineGroup(line, xs, ys));
  const marker = draw("g", { class: "marker" });
  svg.replaceChildren(
    grid(xTicks, yTicks, xs, ys, frame),
    inner,
    axisTexts(xTicks, yTicks, xs, ys, frame, view),
    marker,
  );
  return { xs, ys, frame, place, marker, lines };
}

function grid(xTicks, yTicks, xs, ys, frame) {
  const group = draw("g", { class: "grid", "aria-hidden": "true" });
  for (const each of yTicks)
    group.append(segment(frame.left, ys.place(each), frame.right, ys.place(each)));
  for (const each of xTicks)
    group.append(segment(xs.place(each), frame.bottom, xs.place(each), frame.bottom + 4));
  group.append(segment(frame.left, frame.bottom, frame.right, frame.bottom, "axis"));
  return group;
}

function segment(x1, y1, x2, y2, kind) {
  const [a, b, c, d] = [x1, y1, x2, y2].map((each) => each.toFixed(1));
  return draw("line", { x1: a, y1: b, x2: c, y2: d, class: kind });
}

function axisTexts(xTicks, yTicks, xs, ys, frame, view) {
  const group = draw("g", { class: "ticks", "aria-hidden": "true" });
  for (const each of yTicks) {
    group.append(
      draw(
        "text",
        { x: frame.left - 6, y: ys.place(each) + 4, "text-anchor": "end" },
        tickText(each),
      ),
    );
  }
  for (const each of xTicks) {
    group.append(
      draw(
        "text",
        { x: xs.place(each), y: frame.bottom + 18, "text-anchor": "middle" },
        tickText(each),
      ),
    );
  }
  const middle = (frame.left + frame.right) / 2;
  group.append(
    draw(
      "text",
      { x: middle, y: view.height - 5, "text-anchor": "middle", class: "name" },
      view.xName,
    ),
  );
  return group;
}

/** Band, raw line, line and broken ends of one item, in its tone. */
function lineGroup(line, xs, ys) {
  const group = draw("g", {
    class: `line tone${line.item.tone}${line.dashed ? " dashed" : ""}`,
    "data-key": line.item.key,
  });
  if (line.joint) group.append(draw("path", { class: "band", d: bandPath(line.points, xs, ys) }));
  if (line.raw && !line.joint)
    group.append(draw("path", { class: "raw", d: linePath(line.raw, xs, ys) }));
  group.append(draw("path", { class: "main", d: linePath(line.points, xs, ys) }));
  const finite = line.points.filter((point) => stands(point, xs, ys));
  if (finite.length === 1)
    group.append(
      draw("circle", { class: "dot", cx: xs.place(finite[0].x), cy: ys.place(finite[0].y), r: 3 }),
    );
  for (const end of line.ends) {
    if (!stands(end, xs, ys)) continue;
    const [x, y] = [xs.place(end.x), ys.place(end.y)];
    group.append(
      draw(
        "path",
        { class: "broken", d: `M${x - 4} ${y - 4}l8 8m0 -8l-8 8` },
        draw("title", {}, `then ${end.what}`),
      ),
    );
  }
  return group;
}

function stands(point, xs, ys) {
  return Number.isFinite(point.y) && !(ys.isLog && point.y <= 0) && !(xs.isLog && point.x <= 0);
}

function linePath(points, xs, ys) {
  const parts = [];
  let open = false;
  for (const point of points) {
    if (!stands(point, xs, ys)) {
      open = false;
      continue;
    }
    parts.push(
      `${open ? "L" : "M"}${xs.place(point.x).toFixed(1)} ${ys.place(point.y).toFixed(1)}`,
    );
    open = true;
  }
  return parts.join("");
}

function bandPath(points, xs, ys) {
  const drawn = points.filter((point) => stands(point, xs, ys));
  if (!drawn.length) return "";
  const low = (value) => (ys.isLog && value <= 0 ? ys.low : value);
  const at = (point, value) => `${xs.place(point.x).toFixed(1)} ${ys.place(low(value)).toFixed(1)}`;
  const there = drawn.map((point) => at(point, point.high));
  const back = drawn.reverse().map((point) => at(point, point.low));
  return `M${[...there, ...back].join("L")}Z`;
}
