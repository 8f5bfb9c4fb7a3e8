// The views of endpoints and of the statements of the report.
class Endpoints {
  constructor(world, changed) {
    Object.assign(this, { world, changed, words: world.words, name: "" });
    const { columns, rows } = world.evidence, words = this.words;
    const at = (key) => columns.indexOf(key);
    const column = (key) => (i) => rows[i][at(key)];
    this.rows = rows.map((row) => Object.fromEntries(columns.map((key, k) => [key, row[k]])));
    this.table = new Table("evidence-table", [
      { key: "endpoint", label: words.endpoint, values: (i) => world.endpoints[this.rows[i].endpoint].label },
      { key: "domain", label: words.domain, values: (i) => world.endpoints[this.rows[i].endpoint].domain,
        choose: [...new Set(Object.values(world.endpoints).map((e) => e.domain))] },
      { key: "contrast", label: words.comparison, values: (i) => world.contrast_labels[this.rows[i].contrast],
        choose: [...new Set(Object.values(world.contrast_labels))] },
      { key: "estimate", label: words.estimate, values: column("estimate") },
      { key: "ci_low", label: words.low, values: column("ci_low") }, { key: "ci_high", label: words.high, values: column("ci_high") },
      { key: "unit", label: words.unit, values: column("unit") }, { key: "hedges_g", label: "Hedges g", values: column("hedges_g") },
      { key: "p", label: "p", values: column("p") }, { key: "test", label: words.test, values: column("test") },
    ], rows.length, { words, stamp: world.stamp, keyOf: (i) => this.rows[i].endpoint,
      onchoose: (name) => { this.choose(name); changed(); }, onfilter: changed });
    byId("endpoint").replaceChildren(...Object.entries(world.endpoints).map(([name, e]) => element("option", { value: name }, e.label)));
  }

  async choose(name) {
    const { world, words } = this;
    this.name = name in world.endpoints ? name : Object.keys(world.endpoints)[0];
    const endpoint = world.endpoints[this.name], { stamp } = world;
    byId("endpoint").value = this.name;
    this.table.point(this.name);
    const rows = this.rows.filter((row) => row.endpoint === this.name && row.estimate !== null && row.contrast.includes("_vs_"))
      .map((row) => ({ label: world.contrast_labels[row.contrast], value: row.estimate, low: row.ci_low, high: row.ci_high, p: `p = ${shown(row.p)}` }));
    const title = endpoint.label, common = { stamp, unit: endpoint.unit };
    await Promise.all([
      draw("endpoint-changes", rows.length ? differencesPicture(rows, { title: `${title}: ${words.difference}`, ...common }) : null),
      draw("endpoint-animals", endpoint.animals.length
        ? animalsPicture(endpoint.animals, world, { title, words, room: "endpoint-animals", ...common }) : null),
    ]);
  }
}

class Ledger {
  constructor(world, changed, openEndpoint) {
    const { claims, words } = world, of = (key) => claims.map((claim) => claim[key]), choices = (key) => [...new Set(of(key))];
    const chosen = (key) => ({ key, label: words[key], values: of(key), choose: choices(key) });
    this.table = new Table("ledger-table", [
      { key: "id", label: words.statement, values: of("id") }, chosen("verdict"), { key: "text", label: words.text, values: of("text"), wide: true },
      chosen("dose"), chosen("domain"), chosen("kind"), { key: "p", label: "p", values: of("p") },
      ...["again", "severity", "share"].filter((key) => of(key).some((value) => value !== null))
        .map((key) => ({ key, label: words[key], values: of(key) })),
    ], claims.length, { words, stamp: world.stamp, onfilter: changed, keyOf: (i) => claims[i].id,
      onchoose: (id) => openEndpoint(claims.find((claim) => claim.id === id).endpoint) });
  }
}
