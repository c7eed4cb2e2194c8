// Elements and how they are made. Text is only ever put in as text: nothing here reads HTML.

const byId = (id) => document.getElementById(id);

/** Make an element: `attributes` may hold `class`, `on` (handlers by event) and properties. */
function make(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

// Elements of pictures take their name space from the one that the page has.
const PICTURE_SPACE = byId("svg").namespaceURI;

/** Make an element of a picture. */
function draw(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(PICTURE_SPACE, tag), attributes, children);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") {
      for (const [event, act] of Object.entries(value)) element.addEventListener(event, act);
    } else if (name === "style") {
      for (const [rule, setting] of Object.entries(value)) element.style.setProperty(rule, setting);
    } else {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

/** A button that is not of a form. */
function button(text, act, attributes = {}) {
  return make("button", { type: "button", on: { click: act }, ...attributes }, text);
}

let labels = 0;

/** A labelled control: its text and the control beside it. */
function labelled(text, control, attributes = {}) {
  control.id ||= `control-${++labels}`;
  return make(
    "span",
    { class: "field", ...attributes },
    make("label", { for: control.id }, text),
    control,
  );
}

/** A list to choose one of; `options` are texts, or pairs of value and text. */
function choice(options, chosen, act) {
  const list = make("select", { on: { change: () => act(list.value) } });
  for (const option of options) {
    const [value, text] = Array.isArray(option) ? option : [option, option];
    const item = make("option", { value }, text);
    item.selected = value === chosen;
    list.append(item);
  }
  return list;
}

/** A box to tick, inside its label. */
function tick(text, on, act, attributes = {}) {
  const box = make("input", { type: "checkbox", on: { change: () => act(box.checked) } });
  box.checked = on;
  return make("label", { class: "tick", ...attributes }, box, make("span", {}, text));
}

/** Let an opened sheet close by Escape, and by a press elsewhere. */
function folding(box) {
  document.addEventListener("pointerdown", (event) => {
    if (box.open && !box.contains(event.target)) box.open = false;
  });
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !box.open) return;
    event.stopPropagation();
    box.open = false;
    box.querySelector("summary").focus();
  });
  return box;
}

/** Call `act` once, `wait` milliseconds after the last call. */
function later(act, wait) {
  let timer = 0;
  return (...given) => {
    clearTimeout(timer);
    timer = setTimeout(() => act(...given), wait);
  };
}

/** Call `act` once before the next picture of the screen, however often it is asked for. */
function nextFrame(act) {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      act();
    });
  };
}
