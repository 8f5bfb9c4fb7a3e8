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
    if (state.tab === "two") genes.showPair();
    if (state.tab === "endpoints" && !endpoints.name) endpoints.choose("");
  }

  // Bring about what the address tells; what it does not tell of is as at the start.
  async function restore() {
    ready = false;
    const told = readState(), now = current(), { contrasts } = world;
    if (genes.table) {
      const { contrast, first, second } = { contrast: contrasts[0].name, first: contrasts[0].name, second: contrasts.at(-1).name, ...told };
      if (contrast !== now.contrast) genes.setContrast(contrast);
      if ((told.q ?? "") !== now.q) genes.setLimit(told.q ?? "");
      restoreRows(told, now);
      if (told.gene || !told.search) genes.choose(told.gene ?? "");
      byId("first").value = first; byId("second").value = second;
      genes.stale ||= first !== now.first || second !== now.second;
    }
    for (const [name, view] of Object.entries({ genes, endpoints, ledger })) unpackFilters(view.table, told[`${name}-filter`]);
    open(told.tab);
    ready = true;
    if (told.endpoint || state.tab === "endpoints") await endpoints.choose(told.endpoint ?? "");
  }

  // Of what was sought, listed and drawn a box around, what was told last of decides on the rows of the table.
  function restoreRows({ search = "", own = "", selected = "" }, now) {
    if (search === now.search && own === now.own && selected === now.selected && genes.selected.length <= MOST_IN_ADDRESS) return;
    byId("search").value = search;
    byId("own").value = own.replaceAll(" ", "\n");
    genes.select([]);
    genes.mark("");
    if (search) genes.find(search);
    if (own) genes.mark(own);
    if (selected) genes.selectNamed(selected.split(" "));
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
  document.body.dataset.ready = Math.round(performance.now());
  await prepare();

  // What is not seen yet is drawn while nothing else is to do, so that it is there when it is asked for.
  async function prepare() {
    const tasks = [...world.contrasts.map((contrast) => () => genes.world.genes.length && grouped(genes.columns(contrast).colour)), () => genes.searched(), () => genes.unpackExpression(), () => genes.world.genes.length && !genes.gene && genes.picture(0),
      () => genes.showPair(), () => endpoints.name || endpoints.choose("")];
    for (const task of tasks) {
      await new Promise((done) => { (window.requestIdleCallback ?? setTimeout)(done); });
      await task();
    }
    document.body.dataset.prepared = "";
  }
}

main().catch((error) => { document.body.prepend(element("p", { class: "strip" }, String(error))); throw error; });
