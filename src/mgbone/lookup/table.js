// A table with a filter on every column; of long ones the first rows are drawn.
const MOST_ROWS = 30;

function condition(text) {
  const wanted = text.trim();
  const number = "(-?[\\d.]+(?:e[-+]?\\d+)?)";
  const range = wanted.replaceAll("−", "-").match(new RegExp(`^${number}\\.\\.${number}$`, "i"));
  if (range) return (value) => typeof value === "number" && value >= +range[1] && value <= +range[2];
  const limit = wanted.replaceAll("−", "-").match(new RegExp(`^([<>]=?|=)${number}$`, "i"));
  if (limit) {
    const [, sign, bound] = limit;
    const holds = { "<": (v) => v < +bound, ">": (v) => v > +bound, "<=": (v) => v <= +bound,
      ">=": (v) => v >= +bound, "=": (v) => v === +bound }[sign];
    return (value) => typeof value === "number" && holds(value);
  }
  const part = wanted.toLowerCase();
  return (value) => String(value ?? "").toLowerCase().includes(part);
}

// The first of a list in an order, without sorting the rest.
function smallest(list, most, order) {
  const first = list.slice(0, most).sort(order);
  for (let i = most; i < list.length; i += 1) {
    let at = most - 1;
    if (order(list[i], first[at]) > 0) continue;
    while (at > 0 && order(list[i], first[at - 1]) < 0) { first[at] = first[at - 1]; at -= 1; }
    first[at] = list[i];
  }
  return first;
}

class Table {
  // columns: {key, label, values (a list, or a function of the row's number), choose (a list to choose from)}
  constructor(place, columns, count, options = {}) {
    Object.assign(this, { place, columns, count, filters: {}, sort: null, only: null, ...options });
    this.build();
    this.update();
  }

  build() {
    const head = element("tr"), filters = element("tr");
    for (const column of this.columns) {
      head.append(element("th", { scope: "col" },
        element("button", { type: "button", onclick: () => this.sortBy(column.key) }, column.label)));
      const label = `${this.words.filter}: ${column.label}`;
      const changed = (event) => { this.setFilter(column.key, event.target.value); this.onfilter?.(); };
      const field = column.choose
        ? element("select", { "aria-label": label, onchange: changed }, element("option", { value: "" }, this.words.all),
          ...column.choose.map((choice) => element("option", { value: choice }, choice)))
        : element("input", { "aria-label": label, type: "search", autocomplete: "off", oninput: changed });
      field.dataset.filter = column.key;
      filters.append(element("th", {}, field));
    }
    this.body = element("tbody", { onclick: (event) => this.onchoose?.(event.target.closest("tr").dataset.key) });
    this.status = element("p", { class: "quiet", role: "status" });
    const table = element("table", {}, element("thead", {}, head, filters), this.body);
    byId(this.place).replaceChildren(this.status, element("div", { class: "scroll" }, table));
  }

  value(column, row) {
    return typeof column.values === "function" ? column.values(row) : column.values[row];
  }

  setFilter(key, text) {
    if (text) this.filters[key] = text; else delete this.filters[key];
    const field = byId(this.place).querySelector(`[data-filter="${key}"]`);
    if (field && field.value !== text) field.value = text;
    this.update();
  }

  // Filter by these alone: texts, by the keys of columns.
  setFilters(filters) {
    for (const { key } of this.columns) if ((filters[key] ?? "") !== (this.filters[key] ?? "")) this.setFilter(key, String(filters[key] ?? ""));
  }

  sortBy(key) {
    this.sort = { key, down: this.sort?.key === key && !this.sort.down };
    this.update();
  }

  update() {
    const tests = this.columns.filter((c) => this.filters[c.key])
      .map((c) => [c, c.choose ? (v) => v === this.filters[c.key] : condition(this.filters[c.key])]);
    let rows = this.only ?? (this.everything ??= Array.from({ length: this.count }, (_, i) => i));
    for (const [column, holds] of tests) rows = rows.filter((row) => holds(this.value(column, row)));
    this.rows = rows;
    this.draw();
  }

  // The first rows in the order of the table; what is missing stands last, whichever way the rest is sorted.
  sorted(most = Infinity) {
    const column = this.sort && this.columns.find((c) => c.key === this.sort.key), { rows } = this;
    if (!column) return rows.slice(0, most);
    const keys = new Array(this.count), known = [], missing = [], sign = this.sort.down ? -1 : 1;
    for (const row of rows) {
      keys[row] = this.value(column, row) ?? "";
      (keys[row] === "" ? missing : known).push(row);
    }
    const order = (a, b) => (keys[a] < keys[b] ? -sign : keys[a] > keys[b] ? sign : a - b);
    return [...(known.length > 4 * most ? smallest(known, most, order) : known.sort(order)), ...missing].slice(0, most);
  }

  // Rows that are there are written anew: to make new ones takes three times as long.
  draw() {
    const rows = this.sorted(MOST_ROWS), { body } = this;
    while (body.rows.length > rows.length) body.lastChild.remove();
    while (body.rows.length < rows.length) {
      body.append(element("tr", {}, ...this.columns.map((column) => element("td", { class: column.wide ? "wide" : null }, ""))));
    }
    rows.forEach((row, at) => {
      const line = body.rows[at], key = this.keyOf(row);
      line.dataset.key = key;
      this.columns.forEach((column, k) => {
        const value = this.value(column, row), cell = line.cells[k], number = typeof value === "number";
        if (cell.isNumber !== number) { cell.isNumber = number; cell.classList.toggle("n", number); cell.title = ""; }
        if (number) cell.title = value;
        cell.firstChild.data = shown(value);
      });
    });
    this.point(this.current);
    this.status.textContent = fill(this.words.n_of, { n: this.rows.length, all: this.count })
      + (this.rows.length > MOST_ROWS ? ` (1–${MOST_ROWS})` : "");
  }

  // Point out the rows of a key.
  point(key) {
    this.current = key;
    for (const line of this.body.rows) {
      if (line.dataset.key === key) line.setAttribute("aria-current", "true"); else line.removeAttribute("aria-current");
    }
  }

  csv() {
    const rows = this.sorted().map((row) => this.columns.map((column) => this.value(column, row)));
    return csvOf(this.columns.map((column) => column.label), rows, this.stamp);
  }
}
