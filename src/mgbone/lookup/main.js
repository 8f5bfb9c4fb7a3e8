// Ties the views together.
const TABS = ["genes", "two", "endpoints", "ledger"];

async function main() {
  const world = await unpack("data-blob");
  const state = { tab: "genes" };
  let ready = false;
  const changed = () => ready && writeState(current());
  const genes = new Genes(world, changed);
  const endpoints = new Endpoints(world, changed);
  const ledger = new Ledger(world, changed, (name) => { open("endpoints"); endpoints.choose(name); changed(); });

  function current() {
    const { selected } = genes;
    return { tab: state.tab, contrast: genes.contrast?.name, q: genes.limit === world.limits.q ? "" : String(genes.limit), gene: genes.gene, search: byId("search")?.value, own: genes.own.join(" "),
      selected: selected.length <= MOST_IN_ADDRESS ? selected.map((i) => world.genes[i]).join(" ") : "",
      first: byId("first").value, second: byId("second").value, endpoint: state.tab === "endpoints" ? endpoints.name : "",
      "genes-filter": packFilters(genes.table), "endpoints-filter": packFilters(endpoints.table), "ledger-filter": packFilters(ledger.table) };
  }

  function open(tab) {
    state.tab = TABS.includes(tab) ? tab : "genes";
    for (const name of TABS) {
      byId(name).hidden = name !== state.tab;
      byId(`tab-${name}`).setAttribute("aria-selected", String(name === state.tab));
    }
    if (state.tab === "two" && !genes.both) genes.setPair(byId("first").value, byId("second").value || world.contrasts.at(-1)?.name);
    if (state.tab === "endpoints" && !endpoints.name) endpoints.choose("");
  }

  async function restore() {
    const told = readState();
    if (genes.table) {
      if (told.contrast) genes.setContrast(told.contrast);
      if (told.q) genes.setLimit(told.q);
      if (told.search) { byId("search").value = told.search; genes.find(told.search); }
      if (told.own) { byId("own").value = told.own.replaceAll(" ", "\n"); genes.mark(told.own); }
      if (told.selected) genes.selectNamed(told.selected.split(" "));
      if (told.gene) genes.choose(told.gene);
      byId("first").value = told.first ?? world.contrasts[0].name;
      byId("second").value = told.second ?? world.contrasts.at(-1).name;
    }
    for (const [name, view] of Object.entries({ genes, endpoints, ledger })) unpackFilters(view.table, told[`${name}-filter`]);
    open(told.tab);
    if (told.endpoint) await endpoints.choose(told.endpoint);
  }

  function listen() {
    for (const tab of TABS) byId(`tab-${tab}`).addEventListener("click", () => { open(tab); changed(); });
    const on = (id, kind, action) => byId(id)?.addEventListener(kind, (event) => { action(event.target.value); changed(); });
    on("contrast", "change", (name) => genes.setContrast(name));
    on("limit", "change", (q) => genes.setLimit(q));
    on("search", "input", (text) => genes.find(text));
    on("mark", "click", () => genes.mark(byId("own").value));
    on("clear", "click", () => { byId("own").value = ""; genes.mark(""); genes.select([]); });
    for (const id of ["first", "second"]) on(id, "change", () => genes.setPair(byId("first").value, byId("second").value));
    on("endpoint", "change", (name) => endpoints.choose(name));
    const tables = { genes: genes.table, gene: genes.table, two: genes.table, endpoints: endpoints.table, ledger: ledger.table };
    const pictures = { genes: ["volcano", "ma"], gene: ["gene-animals", "gene-changes"], two: ["both"], endpoints: ["endpoint-animals", "endpoint-changes"] };
    for (const button of document.querySelectorAll("[data-export]")) {
      const { export: kind, view } = button.dataset, name = `${world.dataset}-${view}${world.stamp ? "-simulated" : ""}`;
      button.addEventListener("click", () => {
        if (kind === "csv") download(`${name}.csv`, new Blob([tables[view].csv()], { type: "text/csv" }));
        else for (const place of pictures[view]) if (views[place]) saved(place, kind, `${name}-${place}`);
      });
    }
    byId("close").addEventListener("click", () => byId("offer").close());
    addEventListener("hashchange", restore);
  }

  await genes.start();
  listen();
  await restore();
  ready = true;
  document.body.dataset.ready = Math.round(performance.now());
  await prepare();

  // What is not seen yet is drawn while nothing else is to do, so that it is there when it is asked for.
  async function prepare() {
    const tasks = [() => genes.searched(), () => genes.unpackExpression(), () => genes.world.genes.length && !genes.gene && genes.picture(0),
      () => genes.both || genes.setPair(byId("first").value, byId("second").value), () => endpoints.name || endpoints.choose("")];
    for (const task of tasks) {
      await new Promise((done) => { (window.requestIdleCallback ?? setTimeout)(done); });
      await task();
    }
    document.body.dataset.prepared = "";
  }
}

main().catch((error) => { document.body.prepend(element("p", { class: "strip" }, String(error))); throw error; });
