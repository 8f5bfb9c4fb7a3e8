// The data of the page, unpacked; and how numbers are written.
async function unpack(id) {
  const packed = atob(document.getElementById(id).textContent.trim());
  const bytes = Uint8Array.from(packed, (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).json();
}

const byId = (id) => document.getElementById(id);

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== null && value !== false) made.setAttribute(name, value);
  }
  made.append(...children);  // texts stay texts, whatever they hold
  return made;
}

function fill(words, fields) {
  return words.replace(/\{(\w+)\}/g, (_, name) => fields[name]);
}

// Three digits for reading; the CSV and the hover text of a cell hold the number of the table.
function shown(value) {
  if (typeof value !== "number") return value ?? "";
  if (Number.isInteger(value)) return String(value).replace("-", "−");
  const size = Math.abs(value);
  return (size < 1e-4 || size >= 1e6 ? value.toExponential(1) : String(+value.toPrecision(3))).replace(/-/g, "−");
}

// The same reduction as that of mgbone.lookup.finding.fold.
const fold = (name) => name.normalize("NFKC").toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");

function csvOf(columns, rows, note) {
  const cell = (value) => {
    let text = String(value ?? "");
    if (typeof value === "string" && /^[=+@\t\r-]/.test(text)) text = `'${text}`;  // a spreadsheet would reckon it
    return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const lines = [columns.map(cell).join(","), ...rows.map((row) => row.map(cell).join(","))];
  return `\ufeff${note ? `# ${note}\n` : ""}${lines.join("\n")}\n`;
}

// JupyterLab shows files in frames that may not download: there the picture or the table is shown, to be saved by hand.
const sandbox = window.frameElement?.sandbox;
const CAGED = sandbox?.length ? !sandbox.contains("allow-downloads") : self.origin === "null" && location.protocol !== "file:";

async function offer(name, blob) {
  const content = blob.type === "text/csv" ? element("textarea", { rows: 12, readonly: "" }, await blob.text())
    : element("img", { src: URL.createObjectURL(blob), alt: name });
  if (!byId("offer").open) { byId("offered").replaceChildren(); byId("offer").showModal(); }
  byId("offered").append(content);
}

function download(name, blob) {
  if (CAGED) return offer(name, blob);
  const link = element("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}
