// Each drawing becomes a chart that answers to the pointer; where that fails, the drawing stays.
for (const place of document.querySelectorAll(".live")) {
  const spec = JSON.parse(document.getElementById(place.dataset.spec).textContent);
  const drawing = document.getElementById(place.id.replace("live-", "drawn-"));
  spec.width = "container";
  spec.autosize = { type: "fit-x", contains: "padding" };
  if (innerWidth < 560) spec.config.legend.columns = 2;
  if (innerWidth < 560) spec.config.axis.labelLimit = 110;
  place.hidden = false;
  // `ast`: expressions are interpreted, so the page needs no right to make code of text.
  window.vegaEmbed(place, spec, { mode: "vega-lite", renderer: "svg", actions: false, ast: true, defaultStyle: false })
    .then(() => { drawing.style.display = "none"; })
    .catch((error) => { place.hidden = true; console.error(error); });
}
// A figure leads to its statement: what is folded away opens.
addEventListener("hashchange", () => {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target instanceof HTMLDetailsElement) target.open = true;
});
