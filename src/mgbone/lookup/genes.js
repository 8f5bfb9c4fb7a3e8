// The view of genes: volcano and MA plot, table, the chosen gene, one's own list; and two comparisons.
const CLOUD = "#c9c9c9", CHANGED = "#7d7d7d";
const MOST_LABELS = 40;  // names beside dots: of more, none could be read

class Genes {
  constructor(world, changed) {
    Object.assign(this, { world, changed, words: world.words, gene: "", own: [], selected: [], expression: null, limit: world.limits.q });
    this.at = new Map(world.genes.map((gene, i) => [gene, i]));
    this.clouds = cloudSources();
    this.pair = cloudSources();
    this.contrast = world.contrasts[0];
    addEventListener("pointerup", (event) => { this.adding = event.shiftKey; }, true);
    const acts = { onbox: (inside) => this.select(this.adding ? [...new Set([...this.selected, ...inside])] : inside),
      onchoose: (i) => { this.choose(world.genes[i]); changed(); } };
    this.shared = { stamp: world.stamp, words: world.words, ...acts };
  }

  async start() {
    const { words, world, shared } = this;
    if (!world.genes.length) { byId("genes").replaceChildren(element("p", {}, words.no_arrays)); return; }
    for (const id of ["contrast", "first", "second"]) {
      byId(id).replaceChildren(...world.contrasts.map((c) => element("option", { value: c.name }, c.label)));
    }
    byId("themes").replaceChildren(...[[CLOUD, words.unchanged], [CHANGED, words.changed], ...world.themes.map((t) => [t.colour, t.label])]
      .map(([colour, label]) => { const dot = element("i"); dot.style.background = colour; return element("span", {}, dot, label); }));
    byId("limit").value = this.limit;
    this.fillSource();
    this.makeTable();
    await show({
      volcano: cloud(this.clouds, { ...shared, title: words.volcano, x: "lfc", y: "mlp", xRange: this.range("lfc"), yRange: this.range("mlp"), xLabel: words.lfc, yLabel: words.minus_log_p }),
      ma: cloud(this.clouds, { ...shared, title: words.ma, x: "average", y: "lfc", xRange: this.range("average"), yRange: this.range("lfc"), xLabel: words.average, yLabel: words.lfc }),
    });
  }

  columns(contrast) {
    const { world, limit } = this, numbers = (values) => Float64Array.from(values, (value) => value ?? NaN);
    contrast.columns ??= { gene: world.genes, name: world.names, p: numbers(contrast.p), q: numbers(contrast.q),
      lfc: numbers(contrast.log2_fold_change), average: numbers(contrast.average_expression),
      mlp: Float64Array.from(contrast.p, (p) => (p === null ? NaN : -Math.log10(Math.max(p, 1e-300)))) };
    if (contrast.colouredFor !== limit) {
      contrast.colouredFor = limit;
      const colour = contrast.q.map((q, i) => (q === null || q >= limit ? CLOUD
        : world.theme[i] < 0 ? CHANGED : world.themes[world.theme[i]].colour));
      contrast.columns = { ...contrast.columns, colour };
    }
    return contrast.columns;
  }

  // From the least to the greatest number of a column in all comparisons, with a margin.
  range(name) {
    let low = Infinity, high = -Infinity;
    for (const contrast of this.world.contrasts) {
      for (const value of this.columns(contrast)[name]) { if (value < low) low = value; if (value > high) high = value; }
    }
    const margin = 0.05 * (high - low) || 1;
    return low <= high ? [low - margin, high + margin] : [-1, 1];
  }

  // Colour as changed what has a q below this limit; the table shows how many by its filter on q.
  setLimit(q) {
    this.limit = q >= 0 && q <= 1 && q !== "" ? +q : this.world.limits.q;
    byId("limit").value = this.limit;
    this.fillSource();
    this.stale = true;
    if (!byId("two").hidden) this.showPair();
  }

  fillSource() {
    this.clouds.all.data = this.columns(this.contrast);
    this.markIn(this.clouds);
  }

  // Mark the chosen gene, one's own and those in the box; in the cloud of two comparisons once it is seen.
  remark() {
    this.markIn(this.clouds);
    if (byId("two").hidden) this.stale = true; else this.markIn(this.pair);
  }

  markIn({ all, chosen, marks, labels }) {
    const chosenGene = this.at.get(this.gene);
    const marked = [...new Set([chosenGene, ...this.own.map((gene) => this.at.get(gene))])].filter((i) => i !== undefined);
    const toName = marked.length > MOST_LABELS ? marked.filter((i) => i === chosenGene) : marked;
    const places = ["lfc", "average", "mlp", "a", "b"].filter((name) => name in all.data);
    for (const [source, rows] of [[marks, marked], [chosen, this.selected], [labels, toName]]) {
      if (!rows.length && !source.length && places[0] in source.data) continue;
      const columns = Object.fromEntries(places.map((name) => [name, Float64Array.from(rows, (i) => all.data[name][i])]));
      source.data = source === labels ? { ...columns, gene: rows.map((i) => this.world.genes[i]) } : columns;
    }
  }

  // Draw the cloud of two comparisons unless it is up to date.
  async showPair() {
    if (!this.both || this.stale) await this.setPair(byId("first").value, byId("second").value || this.world.contrasts.at(-1)?.name);
  }

  makeTable() {
    const { words, world } = this, now = (key) => (i) => this.contrast[key][i];
    const theme = (i) => (world.theme[i] < 0 ? "" : world.themes[world.theme[i]].label);
    this.table = new Table("gene-table", [
      { key: "gene", label: words.gene, values: world.genes }, { key: "name", label: words.name, values: world.names },
      { key: "theme", label: words.theme, values: theme, choose: world.themes.map((t) => t.label) },
      { key: "log2_fold_change", label: words.lfc, values: now("log2_fold_change") },
      { key: "ci_low", label: words.low, values: now("ci_low") }, { key: "ci_high", label: words.high, values: now("ci_high") },
      { key: "average_expression", label: words.average, values: now("average_expression") },
      { key: "p", label: "p", values: now("p") }, { key: "q", label: "q", values: now("q") },
    ], world.genes.length, { words, stamp: world.stamp, keyOf: (i) => world.genes[i], sort: { key: "p", down: false },
      onchoose: (gene) => { this.choose(gene); this.changed(); }, onfilter: () => this.changed() });
  }

  setContrast(name) {
    this.contrast = this.world.contrasts.find((c) => c.name === name) ?? this.world.contrasts[0];
    byId("contrast").value = this.contrast.name;
    this.fillSource();
    this.table.update();
  }

  select(rows) {
    this.selected = rows;
    this.remark();
    this.table.only = rows.length > 1 ? rows : null;
    if (rows.length === 1) this.choose(this.world.genes[rows[0]]);
    this.table.update();
    byId("hits").textContent = rows.length ? fill(this.words.selected, { n: rows.length }) : "";
    this.changed();
  }

  selectNamed(genes) {
    this.select(genes.map((gene) => this.at.get(gene)).filter((i) => i !== undefined));
  }

  searched() {
    const { world } = this;
    return this.folded ??= world.genes.map((gene, i) => [gene, world.names[i], ...(world.synonyms[gene] ?? [])].map(fold));
  }

  find(text) {
    const wanted = fold(text);
    this.table.only = null;
    if (!wanted) { byId("hits").textContent = ""; this.table.update(); return; }
    const exact = [], part = [];
    this.searched().forEach((names, i) => {
      if (names.includes(wanted)) exact.push(i); else if (names.some((name) => name.includes(wanted))) part.push(i);
    });
    this.table.only = [...exact, ...part];
    this.table.update();
    byId("hits").textContent = fill(this.words.n_of, { n: this.table.only.length, all: this.world.genes.length });
    if (exact.length) this.choose(this.world.genes[exact[0]]);
  }

  mark(text) {
    const names = [...new Set(text.split(/[\s,;]+/).filter(Boolean))];
    const by = this.byFolded ??= new Map(this.searched().map(([folded], i) => [folded, this.world.genes[i]]));
    const missing = names.filter((name) => !by.has(fold(name)));
    this.own = names.map((name) => by.get(fold(name))).filter(Boolean);
    byId("unknown").textContent = missing.length ? fill(this.words.unknown, { names: missing.join(", ") }) : "";
    this.table.only = this.own.length ? this.own.map((gene) => this.at.get(gene)) : null;
    this.remark();
    this.table.update();
  }

  unpackExpression() {
    return this.expression ??= unpack("expression-blob");
  }

  // Show one gene, or none if its name is empty.
  async choose(gene) {
    if (gene === this.gene || !(gene === "" || this.at.has(gene))) return;
    this.gene = gene;
    this.table.point(gene);
    this.remark();
    byId("chosen").hidden = !gene;
    if (!gene) return;
    const { words, world } = this, i = this.at.get(gene);
    byId("chosen-title").textContent = world.names[i] ? `${gene}: ${world.names[i]}` : gene;
    const [probeset, place, probes, correlation, residual] = world.chip[i] ?? [];
    byId("chosen-chip").textContent = probeset ? fill(words.chip, { probeset, place: place ?? words.no_place, probes,
      correlation: shown(correlation), residual: shown(residual) }) : "";
    await this.picture(i);
  }

  // Draw gene number i, unless another has been chosen in the meantime.
  async picture(i) {
    const { words, world, gene: wanted } = this, { stamp } = world, gene = world.genes[i];
    const rows = world.contrasts.map((c) => ({ label: c.label, value: c.log2_fold_change[i], low: c.ci_low[i], high: c.ci_high[i],
      p: `p = ${shown(c.p[i])}, q = ${shown(c.q[i])}` }));
    await draw("gene-changes", differencesPicture(rows, { title: `${gene}: ${words.difference}`, stamp, unit: words.lfc }));
    const { arrays, values } = await this.unpackExpression();
    if (wanted !== this.gene || !values.length) return;
    const animals = arrays.map((array, k) => [...array, values[i][k]]).filter((row) => row[3] !== null);
    await draw("gene-animals", animalsPicture(animals, world, { title: gene, stamp, unit: words.log2, words, room: "gene-animals" }));
  }

  async setPair(first, second) {
    const { words, world, shared } = this, find = (name, otherwise) => world.contrasts.find((c) => c.name === name) ?? otherwise;
    if (!world.contrasts.length) return;
    const a = find(first, world.contrasts[0]), b = find(second, world.contrasts.at(-1));
    byId("first").value = a.name; byId("second").value = b.name;
    const columns = this.columns(a);
    this.pair.all.data = { ...columns, a: columns.lfc, b: this.columns(b).lfc };
    this.markIn(this.pair);
    this.stale = false;
    const labels = { title: `${a.label} | ${b.label}`, xLabel: `${words.lfc}: ${a.label}`, yLabel: `${words.lfc}: ${b.label}` };
    if (!this.both) {
      this.both = cloud(this.pair, { ...shared, ...labels, x: "a", y: "b", xRange: this.range("lfc"), yRange: this.range("lfc") });
      await show({ both: this.both });
    }
    this.both.title.text = labels.title;
    this.both.xaxes[0].axis_label = labels.xLabel;
    this.both.yaxes[0].axis_label = labels.yLabel;
  }
}
