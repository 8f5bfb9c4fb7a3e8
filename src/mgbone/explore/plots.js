// Pictures, drawn by Bokeh. Each carries the stamp itself, so that it is in every export.
const { Plotting, Range1d, FixedTicker, Title, HoverTool, BoxSelectTool, TapTool, ColumnDataSource, Scatter } = Bokeh;
const HEIGHT = 380;
const views = {};  // the view of each picture, by the id of its place

function newFigure(title, stamp, options = {}) {
  const figure = Plotting.figure({
    title, height: HEIGHT, sizing_mode: "stretch_width", tools: "pan,wheel_zoom,box_zoom,reset", toolbar_location: "above",
    active_scroll: null, active_drag: null, ...options,
  });
  figure.toolbar.logo = null;
  figure.title.text_font_size = "13px";
  if (stamp) {
    figure.add_layout(new Title({
      text: stamp, align: "right", text_color: "#8a1c1c", text_font_size: "12px", text_font_style: "bold",
      background_fill_color: "#fff4f2", border_line_color: "#8a1c1c", name: "stamp",
    }), "below");
  }
  return figure;
}

// Pictures that share their source are shown together: a model belongs to one document.
async function show(pictures) {
  const document = new Bokeh.Document(), places = Object.keys(pictures);
  for (const place of places) {
    views[place]?.model.document?.clear();
    byId(place).replaceChildren();
    document.add_root(pictures[place]);
  }
  const made = await Bokeh.embed.add_document_standalone(document, byId(places[0]), places.map(byId));
  for (const place of places) views[place] = made.get(pictures[place]);
}

// Squares of one colour are painted one after the other, rare colours last. Bokeh's own way moves the canvas and sets
// the colour for each of 22,900, which takes ten times as long; WebGL would be quick, but not everywhere is there one.
class CloudView extends Scatter.prototype.default_view {
  _paint(ctx, indices, data) {
    const { sx, sy, size, fill_color } = { ...this, ...data }, ofColour = new Map();
    for (const i of indices) {
      if (!Number.isFinite(sx[i] + sy[i])) continue;
      const colour = fill_color.get(i);
      if (ofColour.has(colour)) ofColour.get(colour).push(i); else ofColour.set(colour, [i]);
    }
    for (const dots of [...ofColour.values()].sort((a, b) => b.length - a.length)) {
      this.visuals.fill.set_vectorize(ctx, dots[0]);
      for (const i of dots) {
        const side = size.get(i);
        ctx.fillRect(sx[i] - side / 2, sy[i] - side / 2, side, side);
      }
    }
  }
}
class Cloud extends Scatter {}
Cloud.prototype.default_view = CloudView;

// Every gene a dot; a box selects, a click chooses, and both hold in all clouds of the same source.
function cloud(source, marks, { title, stamp, x, y, xLabel, yLabel, words }) {
  const figure = newFigure(title, stamp, { x_axis_label: xLabel, y_axis_label: yLabel, lod_threshold: null });
  const dotted = (colour) => new Cloud({ x: { field: x }, y: { field: y }, size: 3, marker: "square", line_color: null, fill_color: colour });
  // Without glyphs of their own for dots not selected or muted: each would read 22,900 colours once more.
  const dots = figure.add_glyph(dotted({ field: "colour" }), source,
    { selection_glyph: dotted("#d95f02"), nonselection_glyph: null, muted_glyph: null });
  figure.scatter({ x: { field: x }, y: { field: y }, source: marks, level: "overlay", size: 11,
    fill_color: null, line_color: "#000", line_width: 1.6 });  // on a layer of its own: the cloud is not painted again
  figure.text({ x: { field: x }, y: { field: y }, text: { field: "gene" }, source: marks, level: "overlay", x_offset: 8, y_offset: -4,
    text_font_size: "12px", text_color: "#000", background_fill_color: "#fff", background_fill_alpha: 0.75 });
  const tooltips = [[words.gene, "@gene"], [words.name, "@name"], [words.lfc, "@lfc{0.00}"], ["p", "@p{%.2e}"], ["q", "@q{%.2e}"]];
  for (const range of [figure.x_range, figure.y_range]) range.renderers = [dots];
  const hover = new HoverTool({ renderers: [dots], tooltips, formatters: { "@p": "printf", "@q": "printf" } });
  const box = new BoxSelectTool({ renderers: [dots] });
  const tap = new TapTool({ renderers: [dots] });
  figure.add_tools(hover, box, tap);
  figure.toolbar.active_drag = box;
  return figure;
}

// A picture of the same build keeps its figure and gets new data: to build one takes 50 ms.
const built = {};

async function draw(place, { build, key, title, unit, axis, data }) {
  if (built[place]?.key !== key) {
    const { figure, sources } = build();
    built[place] = { key, figure, sources };
    Object.entries(data).forEach(([name, columns]) => { sources[name].data = columns; });
    await show({ [place]: figure });
    return;
  }
  const { figure, sources } = built[place];
  figure.title.text = title;
  figure[axis][0].axis_label = unit;
  Object.entries(data).forEach(([name, columns]) => { sources[name].data = columns; });
}

function empty(place) {
  views[place]?.model.document?.clear();
  byId(place).replaceChildren();
  delete views[place];
  delete built[place];
}

// Animals by group, the experiments side by side; neighbours in value are led apart by the golden ratio.
function animalsPicture(rows, world, { title, stamp, unit, words, room }) {
  const place = {}, labels = {};
  let at = 0;
  for (const [name, experiment] of Object.entries(world.experiments)) {
    if (!rows.some((row) => row[1] === name)) continue;
    for (const group of experiment.groups) { place[`${name}|${group}`] = at; labels[at] = world.groups[group].label; at += 1; }
    at += 0.6;
  }
  const known = rows.filter((row) => `${row[1]}|${row[2]}` in place);
  const dots = { x: [], y: [], animal: [], colour: [], line: [], marker: [], group: [], value: [], unit: [] };
  const bars = { x: [], y: [], low: [], high: [] };
  for (const [key, x] of Object.entries(place)) {
    const here = known.filter((row) => `${row[1]}|${row[2]}` === key).sort((a, b) => a[3] - b[3]);
    const group = world.groups[key.split("|")[1]];
    here.forEach((row, rank) => {
      dots.x.push(x + (here.length > 1 ? 0.5 * (((rank + 1) * 0.618034 + 0.5) % 1 - 0.5) : 0));
      for (const [name, value] of Object.entries({ y: row[3], value: String(row[3]), animal: row[0], colour: group.colour,
        line: group.line, marker: group.marker, group: group.label, unit })) dots[name].push(value);
    });
    if (here.length > 1) {
      const mean = here.reduce((sum, row) => sum + row[3], 0) / here.length;
      const sd = Math.sqrt(here.reduce((sum, row) => sum + (row[3] - mean) ** 2, 0) / (here.length - 1));
      bars.x.push(x + 0.38); bars.y.push(mean); bars.low.push(mean - sd); bars.high.push(mean + sd);
    }
  }
  const letters = Math.max(...Object.values(labels).map((label) => [...label].length * (/[^\x00-\xff]/.test(label) ? 12 : 7)), 0);
  const turned = letters * Object.keys(labels).length > byId(room).closest(".pair").clientWidth / (innerWidth > 900 ? 2 : 1) - 80;
  const full = `${title} (${words.mean_sd})`;
  return { title: full, unit, axis: "yaxes", data: { dots, bars }, key: JSON.stringify([labels, turned]),
    build: () => animalsFigure({ title: full, stamp, unit, words, labels, turned, width: at }) };
}

function animalsFigure({ title, stamp, unit, words, labels, turned, width }) {
  const sources = { dots: new ColumnDataSource({ data: {} }), bars: new ColumnDataSource({ data: {} }) };
  const figure = newFigure(title, stamp, { y_axis_label: unit, x_range: new Range1d({ start: -0.6, end: width - 0.1 }), height: 320 });
  const dots = figure.scatter({ x: { field: "x" }, y: { field: "y" }, source: sources.dots, size: 8,
    fill_color: { field: "colour" }, line_color: { field: "line" }, marker: { field: "marker" } });
  const bars = { source: sources.bars, line_color: "#1a1a1a" };
  figure.segment({ x0: { field: "x" }, x1: { field: "x" }, y0: { field: "low" }, y1: { field: "high" }, ...bars });
  figure.scatter({ x: { field: "x" }, y: { field: "y" }, marker: "dash", size: 13, line_width: 2, ...bars });
  named(figure.xaxes[0], labels);
  if (turned) figure.xaxes[0].major_label_orientation = 0.7;
  figure.xgrids[0].visible = false;
  figure.add_tools(new HoverTool({ renderers: [dots], tooltips: [[words.animals, "@animal"], ["", "@group"], ["", "@value @unit"]] }));
  return { figure, sources };
}

// Differences with their intervals, one a row. rows: {label, value, low, high, p}
function differencesPicture(rows, { title, stamp, unit }) {
  const n = rows.length, labels = Object.fromEntries(rows.map((row, i) => [n - i, row.label]));
  const found = { y: rows.map((_, i) => n - i), x: rows.map((r) => r.value), low: rows.map((r) => r.low ?? r.value),
    high: rows.map((r) => r.high ?? r.value), p: rows.map((r) => r.p), value: rows.map((r) => String(r.value)), unit: rows.map(() => unit) };
  return { title, unit, axis: "xaxes", data: { found }, key: JSON.stringify(labels),
    build: () => differencesFigure({ title, stamp, unit, n, labels }) };
}

function differencesFigure({ title, stamp, unit, n, labels }) {
  const source = new ColumnDataSource({ data: {} });
  const figure = newFigure(title, stamp, { x_axis_label: unit, y_range: new Range1d({ start: 0.3, end: n + 0.7 }), height: Math.max(200, 130 + 34 * n) });
  figure.x_range.range_padding = 0.5;  // room for p over the outermost mark
  figure.segment({ x0: { field: "low" }, x1: { field: "high" }, y0: { field: "y" }, y1: { field: "y" }, source, line_color: "#1a1a1a", line_width: 1.6 });
  const dots = figure.scatter({ x: { field: "x" }, y: { field: "y" }, source, size: 9, fill_color: "#2f5d7c", line_color: "#1a1a1a" });
  figure.text({ x: { field: "x" }, y: { field: "y" }, text: { field: "p" }, source, y_offset: -7, text_align: "center", text_font_size: "11px" });
  figure.segment({ x0: [0], x1: [0], y0: [0.3], y1: [n + 0.7], line_color: "#888", line_dash: "dashed" });
  named(figure.yaxes[0], labels);
  figure.add_tools(new HoverTool({ renderers: [dots], tooltips: [["", "@value @unit"], ["", "@p"]] }));
  return { figure, sources: { found: source } };
}

function named(axis, labels) {
  axis.ticker = new FixedTicker({ ticks: Object.keys(labels).map(Number) });
  axis.major_label_overrides = new Map(Object.entries(labels).map(([at, label]) => [Number(at), label]));
  axis.major_tick_line_color = null;
}

async function saved(place, kind, name) {
  const blob = await views[place].export(kind === "svg" ? "svg" : "png", true).to_blob();
  download(`${name}.${kind}`, blob);
}
