// Fold-outs: all open on paper, and the one that a link leads to. Without script a style rule does the former.
addEventListener("beforeprint", () => document.querySelectorAll("details:not([open])").forEach((fold) => {
  fold.open = true; fold.dataset.closed = "";
}));
addEventListener("afterprint", () => document.querySelectorAll("details[data-closed]").forEach((fold) => {
  fold.open = false; delete fold.dataset.closed;
}));
function unfold() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  for (let fold = target && target.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
  if (target) target.scrollIntoView();
}
addEventListener("hashchange", unfold);
unfold();

// Search among statements and comparisons: what does not fit is left out on the screen, never on paper.
for (const finder of document.querySelectorAll("[data-finder]")) {
  const section = finder.dataset.finder, items = [...document.querySelectorAll(`#${section} details.statement, #${section} tbody tr`)];
  const [search, choice, status] = ["input", "select", "[role=status]"].map((part) => finder.querySelector(part));
  const texts = items.map((item) => item.textContent.toLowerCase());
  const marks = items.map((item) => (item.querySelector(".badge") ?? item.lastElementChild).textContent);
  const update = () => {
    const wanted = search.value.trim().toLowerCase(), chosen = choice.value;
    let n = 0;
    items.forEach((item, i) => {
      const fits = texts[i].includes(wanted) && (!chosen || marks[i].includes(chosen));
      item.toggleAttribute("data-out", !fits);
      n += fits;
    });
    const asked = wanted || chosen;
    if (asked) document.querySelectorAll(`#${section} details.block`).forEach((fold) => { fold.open = true; });
    status.textContent = asked ? `${n} / ${items.length}` : "";
  };
  search.addEventListener("input", update);
  choice.addEventListener("change", update);
  finder.hidden = false;
}
