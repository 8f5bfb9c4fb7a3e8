// What is seen stands in the address, so that a colleague sees the same.
const MOST_IN_ADDRESS = 200;  // genes; of more, the box has to be drawn again

function readState() {
  return Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
}

function writeState(state) {
  const known = Object.entries(state).filter(([, value]) => value);
  try {
    history.replaceState(null, "", `#${new URLSearchParams(known)}`);
  } catch { /* in a frame without an origin of its own, as JupyterLab gives it, there is no address to keep */ }
}

const packFilters = (table) => (table && Object.keys(table.filters).length ? JSON.stringify(table.filters) : "");

function unpackFilters(table, text) {
  if (!table) return;
  let filters = {};
  try {
    filters = JSON.parse(text || "{}") ?? {};
  } catch { /* an address that was cut short */ }
  table.setFilters(filters);
}
