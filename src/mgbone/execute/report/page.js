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
