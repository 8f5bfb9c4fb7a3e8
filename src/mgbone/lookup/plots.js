// Pictures, drawn by Bokeh. Each carries the stamp itself, so that it is in every export.
const { Plotting, Range1d, FixedTicker, Title, HoverTool, BoxSelectTool, TapTool, ColumnDataSource, Scatter } = Bokeh;
const HEIGHT = 380;
const SELECTED = "#d95f02";
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

// Dots are set pixel by pixel, rare colours last: Bokeh's own way, a path for each of 22,900, takes fifty times as long, and
// WebGL is not everywhere. A drawing (SVG) gets a path of squares for each colour. The colour is that of the source, or one for all.
const groupsOf = new WeakMap();  // of a list of colours: the dots of each, the most frequent colour first

function grouped(colours, n) {
  if (!colours) return [[SELECTED, Array.from({ length: n }, (_, i) => i)]];
  if (!groupsOf.has(colours)) {
    const ofColour = new Map();
    colours.forEach((name, i) => { if (ofColour.has(name)) ofColour.get(name).push(i); else ofColour.set(name, [i]); });
    groupsOf.set(colours, [...ofColour].sort((a, b) => b[1].length - a[1].length));
  }
  return groupsOf.get(colours);
}

class CloudView extends Scatter.prototype.default_view {
  // No row of a source is left out: columns are taken as they are, where Bokeh would copy them row by row.
  set_data(source, indices, changed) {
    return super.set_data(source, Object.assign(Object.create(indices), { select: (column) => column }), changed);
  }

  // The index of places is for the pointer alone: it is made once it is asked for.
  index_data() { this._index = null; }

  get index() {
    if (!this._index) super.index_data();
    return this._index;
  }

  // Ranges are given, and nothing is laid over the cloud: Bokeh would ask the index for both.
  bounds() { return { x0: NaN, y0: NaN, x1: NaN, y1: NaN }; }

  get bbox() { return undefined; }

  _paint(ctx) {
    const groups = grouped(this.renderer.model.data_source.data.colour, this.data_size), side = this.size.get(0);
    if (ctx instanceof CanvasRenderingContext2D) return this.setPixels(ctx, groups, side);
    const corner = (centre) => Math.round(10 * (centre - side / 2)) / 10;
    for (const [name, dots] of groups) {
      ctx.fillStyle = name;
      ctx.beginPath();
      for (const i of dots) if (Number.isFinite(this.sx[i] + this.sy[i])) ctx.rect(corner(this.sx[i]), corner(this.sy[i]), side, side);
      ctx.fill();
    }
  }

  // What is painted on, blank: made anew only where the size of the picture changes.
  paper(width, height) {
    if (this.kept?.image.width !== width || this.kept.image.height !== height) {
      const image = new ImageData(width, height);
      this.kept = { sheet: new OffscreenCanvas(width, height), image, pixels: new Uint32Array(image.data.buffer) };
    }
    this.kept.pixels.fill(0);
    return this.kept;
  }

  setPixels(ctx, groups, side) {
    const { width, height } = ctx.canvas, { a: scale, e: left, f: top } = ctx.getTransform();
    const { sheet, image, pixels } = this.paper(width, height), wide = Math.round(side * scale);
    for (const [name, dots] of groups) {
      const ink = new Uint32Array(Uint8Array.from([1, 3, 5].map((at) => parseInt(name.slice(at, at + 2), 16)).concat(255)).buffer)[0];
      for (const i of dots) {
        const x0 = Math.round(this.sx[i] * scale + left - wide / 2), y0 = Math.round(this.sy[i] * scale + top - wide / 2);
        if (!(x0 >= 0 && y0 >= 0 && x0 + wide <= width && y0 + wide <= height)) continue;
        for (let y = y0; y < y0 + wide; y += 1) for (let x = x0; x < x0 + wide; x += 1) pixels[y * width + x] = ink;
      }
    }
    sheet.getContext("2d").putImageData(image, 0, 0);
    ctx.setTransform(1, 0, 0, 1, 0, 0);
    ctx.drawImage(sheet, 0, 0);
    ctx.setTransform(scale, 0, 0, scale, left, top);
  }
}
CloudView.prototype._mask_data = null;  // all dots are painted: to find out which lie within the frame takes longer
class Cloud extends Scatter {}
Cloud.prototype.default_view = CloudView;

// The sources of clouds that are shown together: all genes, those in the box, those marked, those named. All but the first are
// painted on a layer of their own, so that the cloud need not be painted again.
function cloudSources() {
  return Object.fromEntries(["all", "chosen", "marks", "labels"].map((name) => [name, new ColumnDataSource({ data: {} })]));
}

// Every gene a dot; a box selects (with Shift it adds), a click chooses.
// Ranges are [from, to], the same for every comparison: so comparisons can be compared, and no axis is laid out anew.
function cloud({ all, chosen, marks, labels }, { title, stamp, x, y, xRange, yRange, xLabel, yLabel, words, onbox, onchoose }) {
  const [x_range, y_range] = [xRange, yRange].map(([start, end]) => new Range1d({ start, end }));
  const figure = newFigure(title, stamp, { x_range, y_range, x_axis_label: xLabel, y_axis_label: yLabel, lod_threshold: null });
  const at = { x: { field: x }, y: { field: y } }, dotted = () => new Cloud({ ...at, size: 3, line_color: null });
  const plain = { selection_glyph: null, nonselection_glyph: null, muted_glyph: null };
  const dots = figure.add_glyph(dotted(), all, plain);
  figure.add_glyph(dotted(), chosen, { ...plain, level: "overlay" });
  figure.scatter({ ...at, source: marks, level: "overlay", size: 11, fill_color: null, line_color: "#000", line_width: 1.6 });
  figure.text({ ...at, text: { field: "gene" }, source: labels, level: "overlay", x_offset: 8, y_offset: -4,
    text_font_size: "12px", text_color: "#000", background_fill_color: "#fff", background_fill_alpha: 0.75 });
  const tooltips = [[words.gene, "@gene"], [words.name, "@name"], [words.lfc, "@lfc{0.00}"], ["p", "@p{%.2e}"], ["q", "@q{%.2e}"]];
  const hover = new HoverTool({ renderers: [dots], tooltips, formatters: { "@p": "printf", "@q": "printf" } });
  const box = new BoxSelectTool({ renderers: [] });
  const tap = new TapTool({ renderers: [dots], behavior: "inspect", callback: () => onchoose(all.inspected.indices[0]) });
  figure.on_event("selectiongeometry", ({ geometry: { x0, x1, y0, y1 } }) => {
    const xs = all.data[x], ys = all.data[y], inside = [];
    for (let i = 0; i < xs.length; i += 1) if (xs[i] >= x0 && xs[i] <= x1 && ys[i] >= y0 && ys[i] <= y1) inside.push(i);
    onbox(inside);
  });
  figure.add_tools(hover, box, tap);
  figure.toolbar.active_drag = box;
  return figure;
}

// Of what is asked for at one place while another picture is still being made there, the last is drawn; null empties it.
const asked = {}, made = {};

function draw(place, picture) {
  asked[place] = picture;
  made[place] = (made[place] ?? Promise.resolve()).catch(() => {}).then(() => (asked[place] === picture ? put(place, picture) : null));
  return made[place];
}

// A picture of the same build keeps its figure and gets new data: to build one takes 50 ms.
const built = {};

async function put(place, picture) {
  if (!picture) return clear(place);
  const { build, key, title, unit, axis, data } = picture, isNew = built[place]?.key !== key;
  if (isNew) built[place] = { key, ...build() };
  const { figure, sources } = built[place];
  figure.title.text = title;
  figure[axis][0].axis_label = unit;
  Object.entries(data).forEach(([name, columns]) => { sources[name].data = columns; });
  return isNew && show({ [place]: figure });
}

function clear(place) {
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
