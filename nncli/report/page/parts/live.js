// A live page: runs come as events, curves are asked for when they are drawn.

/** Curves of one request; the server takes no more than twice as many. */
const BATCH = 50;

class Live {
  constructor(app) {
    this.app = app;
    this.asked = new Set();
    this.outdated = new Set();
    this.sign = byId("live");
    this.sign.hidden = false;
    this.say("connecting", true);
    app.onDrawn = (items) => this.fetchCurves(items);
    const source = new EventSource("/events");
    source.addEventListener("runs", (event) => this.take(JSON.parse(event.data)));
    source.addEventListener("trouble", (event) => this.say(JSON.parse(event.data).text, true));
    source.addEventListener("error", () => this.say("no connection, trying again", true));
  }

  say(text, isAway = false) {
    this.sign.textContent = isAway ? text : "live";
    this.sign.classList.toggle("away", isAway);
  }

  /** Take in runs that are new or changed, and forget those that are gone. */
  take(news) {
    const { app } = this;
    const table = unpackTable(news.runs);
    const ids = table.columns.find((column) => column.name === "run").values.map(String);
    for (const run of ids) if (app.curves.has(run)) this.outdated.add(run);
    for (const run of news.removed) app.curves.drop(run);
    if (news.whole) app.runs.load(table);
    else app.runs.merge(table, news.removed);
    app.data.notes =
      news.total > app.runs.size
        ? [`The latest ${app.runs.size.toLocaleString("en")} of ${plural(news.total, "run")}.`]
        : [];
    app.metric = news.metric ?? app.metric;
    this.say("live");
    app.renew(news.whole, ids);
  }

  /** Ask for the curves of the lines that are drawn, as far as they are not here. */
  async fetchCurves(items) {
    const wanted = items
      .flatMap((item) => item.runs)
      .filter(
        (run) => !this.asked.has(run) && (!this.app.curves.has(run) || this.outdated.has(run)),
      );
    for (let start = 0; start < wanted.length; start += BATCH) {
      const runs = wanted.slice(start, start + BATCH);
      for (const run of runs) {
        this.asked.add(run);
        this.outdated.delete(run);
      }
      try {
        const answer = await fetch(`/curves?runs=${runs.join(",")}`);
        if (!answer.ok) throw new Error(answer.statusText);
        const curves = await answer.json();
        for (const run of runs) curves.runs[run] ??= { rows: 0 };
        this.app.curves.add(curves);
        this.app.redraw();
      } catch {
        for (const run of runs) this.outdated.add(run); // asked for again with the next news
      } finally {
        for (const run of runs) this.asked.delete(run);
      }
    }
  }
}

function startLive(app) {
  app.follower = new Live(app);
}
