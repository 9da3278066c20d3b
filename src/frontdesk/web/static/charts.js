// Draws each chart from the table that stands below it; without this the server's own picture stays.
const HEIGHT = { wide: 220, narrow: 180 };
const STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000, 200000, 500000, 1000000];
const narrow = matchMedia("(max-width: 720px)");
const dark = matchMedia("(prefers-color-scheme: dark)");
const drawn = new Map();

function number(cell) {
  return Number(cell.textContent.replace(/[^0-9.-]/g, "")) || 0;
}

function inkOf(element, part) {
  return getComputedStyle(element, part).color;
}

function read(figure) {
  const names = [...figure.querySelectorAll(".legend li")];
  const rows = [...figure.querySelectorAll("tbody tr")];
  return {
    labels: rows.map((row) => row.querySelector("th").textContent.trim()),
    short: rows.map((row) => row.querySelector("th").dataset.short ?? row.querySelector("th").textContent.trim().replace(/^\w+ /, "")),
    series: names.map((name, place) => ({
      label: name.textContent.trim(),
      ink: inkOf(name, "::before"),
      values: rows.map((row) => number(row.querySelectorAll("td")[place])),
    })),
  };
}

function axes(figure, short) {
  const muted = inkOf(figure.querySelector("summary"));
  const line = getComputedStyle(figure.querySelector("[data-canvas]")).borderBottomColor;
  const font = "12px " + getComputedStyle(document.documentElement).fontFamily;
  const shared = { stroke: muted, font, ticks: { show: false } };
  return [
    {
      ...shared,
      grid: { show: false },
      size: 30,
      space: 64,
      incrs: STEPS,
      values: (_, splits) => splits.map((at) => short[at] ?? ""),
    },
    { ...shared, grid: { stroke: line, width: 0.5 }, incrs: STEPS, size: 46 },
  ];
}

function tell(readout, data, at) {
  if (at === null || at === undefined) {
    readout.textContent = readout.dataset.hint;
    return;
  }
  const words = data.series.map((one) => `${one.label} ${one.values[at].toLocaleString("en")}`);
  readout.textContent = `${data.labels[at]}: ${words.join(", ")}`;
}

function draw(figure) {
  const canvas = figure.querySelector("[data-canvas]");
  const data = read(figure);
  if (!data.labels.length) return;
  const readout = figure.querySelector("output");
  const columns = figure.dataset.shape === "columns";
  const options = {
    width: Math.max(200, canvas.clientWidth),
    height: narrow.matches ? HEIGHT.narrow : HEIGHT.wide,
    legend: { show: false },
    padding: [8, 20, 0, 0],
    cursor: { y: false, drag: { x: false, y: false } },
    scales: { x: { time: false, range: (_, low, high) => (columns ? [low - 0.6, high + 0.6] : [low, high]) }, y: { range: (_, low, high) => [0, Math.max(4, Math.ceil(high * 1.1))] } },
    axes: axes(figure, data.short),
    series: [
      {},
      ...data.series.map((one, place) => ({
        label: one.label,
        stroke: one.ink,
        width: 2,
        fill: place === 0 ? one.ink.replace(/^rgb\((.*)\)$/, `rgba($1, ${columns ? 0.7 : 0.1})`) : undefined,
        paths: columns ? window.uPlot.paths.bars({ size: [0.7, 60], radius: 0.15 }) : undefined,
        points: { show: !columns && data.labels.length < 15, size: 5, fill: one.ink },
      })),
    ],
    hooks: { setCursor: [(plot) => tell(readout, data, plot.cursor.idx)] },
  };
  drawn.get(figure)?.plot.destroy();
  canvas.replaceChildren();
  const xs = data.labels.map((_, place) => place);
  const drawable = (values) => (columns ? values.map((one) => one || null) : values);
  const plot = new window.uPlot(options, [xs, ...data.series.map((one) => drawable(one.values))], canvas);
  drawn.set(figure, { plot, data });
}

function step(event, figure) {
  const { plot, data } = drawn.get(figure) ?? {};
  if (!plot) return;
  const last = data.labels.length - 1;
  const at = plot.cursor.idx ?? -1;
  const next = {
    ArrowRight: Math.min(last, at + 1),
    ArrowLeft: Math.max(0, (plot.cursor.idx ?? last + 1) - 1),
    Home: 0,
    End: last,
  }[event.key];
  if (next === undefined) return;
  event.preventDefault();
  plot.setCursor({ left: plot.valToPos(next, "x"), top: 10 });
}

function prepare(figure) {
  const canvas = figure.querySelector("[data-canvas]");
  const readout = document.createElement("output");
  readout.className = "chart-readout";
  readout.dataset.hint = figure.dataset.hint ?? "Point at a day, or walk with the arrow keys.";
  readout.textContent = readout.dataset.hint;
  canvas.after(readout);
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "group");
  canvas.setAttribute("aria-label", `${figure.dataset.chart}: walk through it with the arrow keys`);
  canvas.addEventListener("keydown", (event) => step(event, figure));
  draw(figure);
  let width = canvas.clientWidth;
  new ResizeObserver(() => {
    if (canvas.clientWidth === width) return;
    width = canvas.clientWidth;
    drawn.get(figure)?.plot.setSize({
      width: Math.max(200, width),
      height: narrow.matches ? HEIGHT.narrow : HEIGHT.wide,
    });
  }).observe(canvas);
}

function redraw() {
  for (const figure of drawn.keys()) draw(figure);
}

if (window.uPlot) {
  for (const figure of document.querySelectorAll("figure[data-chart]")) prepare(figure);
  // A chart that came with a part of the page is drawn, one that went with it is forgotten.
  document.addEventListener("htmx:after:swap", () => {
    for (const [figure, { plot }] of drawn) {
      if (figure.isConnected) continue;
      plot.destroy();
      drawn.delete(figure);
    }
    for (const figure of document.querySelectorAll("figure[data-chart]")) if (!drawn.has(figure)) prepare(figure);
  });
  dark.addEventListener("change", redraw);
  new MutationObserver(redraw).observe(document.documentElement, { attributeFilter: ["data-theme"] });
}
