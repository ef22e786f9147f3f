"use strict";
(() => {
  const root = document.documentElement;
  const phone = matchMedia("(max-width: 40rem)");
  const dark = matchMedia("(prefers-color-scheme: dark)");
  root.classList.add("js");

  // tables: sorted by a click on a heading, numbers from the highest on at first
  const textOf = (row, place) => row.cells[place].textContent;
  const numberOf = (row, place) => {
    const value = JSON.parse(row.cells[place].dataset.value ?? "null");
    return value === null ? -Infinity : value;
  };
  const sort = (table, place, heading) => {
    const isNumber = heading.classList.contains("number");
    const before = heading.getAttribute("aria-sort");
    const falls = before === null ? isNumber : before === "ascending";
    for (const each of table.tHead.rows[0].cells) each.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", falls ? "descending" : "ascending");
    const order = isNumber
      ? (a, b) => numberOf(a, place) - numberOf(b, place)
      : (a, b) => textOf(a, place).localeCompare(textOf(b, place), "en");
    const rows = [...table.tBodies[0].rows].sort((a, b) => (falls ? order(b, a) : order(a, b)));
    table.tBodies[0].append(...rows);
  };
  for (const table of document.querySelectorAll("table.sortable")) {
    [...table.tHead.rows[0].cells].forEach((heading, place) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = heading.textContent;
      button.addEventListener("click", () => sort(table, place, heading));
      heading.replaceChildren(button);
    });
  }

  const filter = document.getElementById("filter");
  const routes = document.getElementById("route-table");
  if (filter && routes) {
    filter.addEventListener("input", () => {
      const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      for (const row of routes.tBodies[0].rows) {
        const text = `${textOf(row, 0)} ${textOf(row, 1)}`.toLowerCase();
        row.hidden = !words.every((word) => text.includes(word));
        shown += row.hidden ? 0 : 1;
      }
      document.getElementById("filtered").textContent = words.length ? `${shown} shown` : "";
    });
  }

  // charts
  const data = JSON.parse(document.getElementById("chart-data").textContent);
  const chooser = document.getElementById("view");
  if (!chooser || !data.slots) return;
  const colour = (name) => getComputedStyle(root).getPropertyValue(`--${name}`).trim();
  const times = Array.from({ length: data.slots }, (_, slot) => (data.start + (slot + 0.5) * data.width) * 1000);
  const edges = Array.from({ length: data.slots + 1 }, (_, slot) => (data.start + slot * data.width) * 1000);
  const span = (seconds) => {
    for (const [size, unit] of [[86400, "d"], [3600, "h"], [60, "min"]]) {
      if (seconds % size === 0) return seconds === size ? unit : `${seconds / size} ${unit}`;
    }
    return seconds === 1 ? "second" : `${seconds} s`;
  };
  const layout = (more) => ({
    font: { family: "system-ui, sans-serif", size: 11, color: colour("soft") },
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    margin: { l: 58, r: 12, t: 6, b: 38 },
    showlegend: false,
    hovermode: "x",
    hoverlabel: { bgcolor: colour("card"), bordercolor: colour("line"), font: { color: colour("ink") } },
    dragmode: phone.matches ? false : "zoom",
    bargap: 0,
    ...more,
    xaxis: {
      type: "date", range: [edges[0], edges[data.slots]], gridcolor: colour("line"), linecolor: colour("line"),
      fixedrange: phone.matches, nticks: phone.matches ? 4 : 8, zeroline: false, ticks: "",
    },
    yaxis: {
      gridcolor: colour("line"), zeroline: false, fixedrange: true, rangemode: "tozero", ticks: "", ...(more && more.yaxis),
    },
    shapes: data.gaps.map(([start, end]) => ({
      type: "rect", xref: "x", yref: "paper", x0: start * 1000, x1: end * 1000, y0: 0, y1: 1, line: { width: 0 },
      fillcolor: colour("gap"), layer: "below",
    })),
  });
  const log = {
    type: "log", tickvals: [1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1, 10, 100, 1000, 1e4, 1e5],
    ticktext: ["1 µs", "10 µs", "100 µs", "1 ms", "10 ms", "100 ms", "1 s", "10 s", "100 s", "1000 s", "10⁴ s", "10⁵ s"],
  };
  const hover = "<br>%{x|%Y-%m-%d %H:%M:%S}";
  const duration = (value) => (value < 1 ? `${+(value * 1000).toPrecision(3)} ms` : `${+value.toPrecision(3)} s`);

  const requests = (view) => {
    const good = view.requests.map((count, slot) => count - view.errors[slot]);
    const bar = (name, y, tone) => ({
      type: "bar", name, x: times, y, marker: { color: colour(tone), line: { width: 0 } },
      hovertemplate: `%{y:,} ${name}<extra></extra>`,
    });
    const traces = [bar("without a server error", good, "good"), bar("answered with 5xx", view.errors, "bad")];
    return [traces, layout({ barmode: "stack", yaxis: { tickformat: ",~s" } })];
  };
  const errors = (view) => {
    const y = view.requests.map((count, slot) => (count ? view.errors[slot] / count : null));
    const trace = {
      type: "bar", x: times, y, marker: { color: colour("bad"), line: { width: 0 } },
      hovertemplate: "%{y:.2%} of the requests<extra></extra>",
    };
    return [[trace], layout({ yaxis: { tickformat: ".1~%" } })];
  };
  const latency = (view) => {
    const traces = ["p50", "p90", "p95", "p99"].map((name, place) => ({
      type: "scatter", mode: data.slots < 40 ? "lines+markers" : "lines", name, x: times, y: view.quantiles[place],
      line: { color: colour(name), width: 1.6 },
      customdata: view.quantiles[place].map((value) => (value === null ? "" : duration(value))),
      hovertemplate: `${name} %{customdata}<extra></extra>`,
    }));
    const legend = { orientation: "h", x: 0, y: 1.02, yanchor: "bottom" };
    return [traces, layout({ showlegend: true, legend, margin: { l: 58, r: 12, t: 24, b: 38 }, yaxis: log })];
  };
  const heat = (view) => {
    const rows = data.bounds.length - 1;
    const counts = Array.from({ length: rows }, () => Array(data.slots).fill(null));
    view.heat.forEach((pairs, slot) => {
      for (let at = 0; at < pairs.length; at += 2) counts[pairs[at]][slot] = pairs[at + 1];
    });
    const bounds = data.bounds.map(duration);
    const trace = {
      type: "heatmap", x: edges, y: data.bounds, showscale: false, hoverongaps: false,
      z: counts.map((row) => row.map((count) => (count === null ? null : Math.log(count)))), zmin: 0,
      customdata: counts.map((row, place) => row.map((count) => [count, bounds[place], bounds[place + 1]])),
      colorscale: [[0, colour("heat-low")], [0.5, colour("heat-mid")], [1, colour("heat-high")]],
      hovertemplate: `%{customdata[0]:,} requests<br>%{customdata[1]} to %{customdata[2]}${hover}<extra></extra>`,
    };
    return [[trace], layout({ hovermode: "closest", yaxis: { ...log, rangemode: "normal" } })];
  };

  const charts = Object.entries({ requests, errors, latency, heat }).map(([name, make]) => [
    document.getElementById(`chart-${name}`), make,
  ]);
  const draw = () => {
    const view = data.views[chooser.value];
    return Promise.all(charts.map(([place, make]) =>
      Plotly.react(place, ...make(view), { displayModeBar: false, responsive: true })));
  };
  let isMoving = false;
  const together = (changed) => async (event) => {
    if (isMoving || !("xaxis.range[0]" in event || "xaxis.autorange" in event)) return;
    isMoving = true;
    const from = event["xaxis.range[0]"] ?? edges[0];
    const to = event["xaxis.range[1]"] ?? edges[data.slots];
    await Promise.all(charts.map(([place]) => Plotly.relayout(place, { "xaxis.range": [from, to] })));
    isMoving = false;
  };
  const start = async () => {
    for (const each of document.querySelectorAll(".per-slot")) each.textContent = `per ${span(data.width)}`;
    chooser.replaceChildren(...data.views.map((view, place) => new Option(view.name, place)));
    await draw();
    for (const [place] of charts) place.on("plotly_relayout", together(place));
    chooser.addEventListener("change", draw);
    dark.addEventListener("change", draw);
    phone.addEventListener("change", draw);
    addEventListener("beforeprint", () => { root.dataset.paper = ""; draw(); });
    addEventListener("afterprint", () => { delete root.dataset.paper; draw(); });
    for (const button of document.querySelectorAll("button[data-view]")) {
      button.addEventListener("click", () => {
        chooser.value = button.dataset.view;
        draw();
        document.getElementById("charts").scrollIntoView();
        chooser.focus({ preventScroll: true });
      });
    }
    root.dataset.charts = "drawn";
  };
  const unpack = async () => {
    const packed = Uint8Array.from(atob(document.getElementById("library").textContent), (each) => each.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
    const script = document.createElement("script");
    script.textContent = await new Response(stream).text();
    document.head.append(script);
  };
  unpack().then(start).catch((error) => {
    document.getElementById("charts-failed").textContent = `The charts cannot be drawn by this browser: ${error}`;
    root.dataset.charts = "failed";
  });
})();
