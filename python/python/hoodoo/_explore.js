// The page of `hoodoo.explore`: an editor for the kernel, a slider for each param, and the image before and after. Python computes; what
// is shown is what the model says.

/** An element with a style and what is in it. */
function element(tag, style, ...children) {
  const made = document.createElement(tag);
  made.style.cssText = style;
  made.append(...children);
  return made;
}

/** Calls a function once it has not been asked for a while. */
function delayed(milliseconds, call) {
  let timer;
  return (...given) => {
    clearTimeout(timer);
    timer = setTimeout(() => call(...given), milliseconds);
  };
}

/** A slider for the param of that name: what shows it, and what has it show a value. */
function slider(model, name, [low, high, step]) {
  const shown = element("output", "width:6em;font-family:monospace");
  const range = element("input", "flex:1");
  Object.assign(range, { type: "range", min: low, max: high, step, ariaLabel: name });
  range.dataset.param = name;
  const send = delayed(30, () => model.save_changes());
  range.addEventListener("input", () => {
    model.set("params", { ...model.get("params"), [name]: Number(range.value) });
    send();
  });
  const show = (value) => {
    range.value = value;
    shown.textContent = String(value);
  };
  const label = element("label", "display:flex;gap:0.5em;align-items:center", element("code", "width:8em", name), range, shown);
  return { label, show };
}

/** The pictures of that trait, each under its caption. */
function pictures(model, trait) {
  const figures = model.get(trait).map(([caption, url, width]) => {
    const image = element("img", `width:${width}px;max-width:100%;image-rendering:pixelated;display:block`);
    Object.assign(image, { src: url, alt: caption });
    return element("figure", "margin:0", image, element("figcaption", "font-size:smaller;white-space:pre-line", caption));
  });
  return figures;
}

function render({ model, el }) {
  const editor = element("textarea", "width:100%;box-sizing:border-box;font-family:monospace");
  Object.assign(editor, { value: model.get("source"), rows: Math.max(model.get("source").split("\n").length, 2), spellcheck: false });
  const sliders = element("div", "");
  const error = element("pre", "color:#cf222e;margin:0.3em 0");
  const before = element("div", "display:flex;gap:1em;flex-wrap:wrap");
  const after = element("div", "display:flex;gap:1em;flex-wrap:wrap");
  el.append(editor, sliders, error, element("div", "display:flex;gap:1em;flex-wrap:wrap", before, after));

  let shows = {};
  // Ranges and values of new params come one after the other.
  const showValues = () => {
    for (const [name, value] of Object.entries(model.get("params"))) shows[name]?.(value);
  };
  const showSliders = () => {
    const made = Object.entries(model.get("ranges")).map(([name, range]) => [name, slider(model, name, range)]);
    shows = Object.fromEntries(made.map(([name, { show }]) => [name, show]));
    sliders.replaceChildren(...made.map(([, { label }]) => label));
    showValues();
  };
  const showAfter = () => after.replaceChildren(...pictures(model, "after"));
  const showError = () => {
    error.textContent = model.get("error");
    error.hidden = !model.get("error");
    after.style.opacity = model.get("error") ? 0.3 : 1;
  };
  const send = delayed(200, () => model.save_changes());
  editor.addEventListener("input", () => {
    model.set("source", editor.value);
    send();
  });
  model.on("change:ranges", showSliders);
  model.on("change:params", showValues);
  model.on("change:after", showAfter);
  model.on("change:error", showError);
  before.replaceChildren(...pictures(model, "before"));
  showSliders();
  showAfter();
  showError();
}

export default { render };
