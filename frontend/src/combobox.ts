/* Reference fields: a native ARIA combobox over /lookup. Without script the text alone finds the record. */

import { choose, optionLine, type Choice } from "./options";

let list: HTMLElement | null = null;
let owner: HTMLInputElement | null = null;
let choices: Choice[] = [];
let active = -1;
let asked = 0;
/** Enter was pressed before the answer to what was typed had come: it is taken as soon as it comes. */
let hurried: HTMLInputElement | null = null;

/** The hidden inputs beside the visible one: the id, and the text that belongs to it. */
function companions(input: HTMLInputElement): { id: HTMLInputElement | null; was: HTMLInputElement | null } {
  const name = input.name.replace(/__text$/, "");
  const box = input.parentElement;
  return {
    id: box?.querySelector<HTMLInputElement>(`input[type=hidden][name="${CSS.escape(name)}"]`) ?? null,
    was: box?.querySelector<HTMLInputElement>(`input[type=hidden][name="${CSS.escape(name)}__was"]`) ?? null,
  };
}

async function ask(input: HTMLInputElement): Promise<void> {
  const turn = ++asked;
  const only = input.dataset.only ? `&only=${encodeURIComponent(input.dataset.only)}` : "";
  const { was } = companions(input);
  const text = was && was.value === input.value ? "" : input.value;
  const answer = await fetch(`/lookup/${input.dataset.type}?q=${encodeURIComponent(text)}${only}`, {
    headers: { Accept: "application/json", "HX-Request": "true" },
  }).catch(() => null);
  if (turn !== asked) return;
  isStale = false;
  if (!answer?.ok || document.activeElement !== input) return;
  const data = (await answer.json()) as { results: Choice[]; none: string };
  show(input, data.results, data.none);
  if (hurried === input && active >= 0) pick(active);
  hurried = null;
}

function show(input: HTMLInputElement, found: Choice[], none: string): void {
  close();
  owner = input;
  choices = found;
  list = document.createElement("div");
  list.className = "combo-list";
  list.id = `${input.id}-list`;
  list.setAttribute("role", "listbox");
  list.popover = "manual";
  found.forEach((one, at) => list?.append(optionLine(one, `${list.id}-${at}`, input.value, () => pick(at))));
  if (!found.length) {
    const line = document.createElement("div");
    line.className = "none";
    line.textContent = none;
    list.append(line);
  }
  (input.closest("dialog") ?? document.body).append(list);
  list.showPopover();
  place(input, list);
  input.setAttribute("aria-expanded", "true");
  input.setAttribute("aria-controls", list.id);
  activate(found.length && input.value ? 0 : -1);
}

function place(input: HTMLInputElement, box: HTMLElement): void {
  const at = (input.closest(".input") ?? input).getBoundingClientRect();
  box.style.left = `${at.left}px`;
  box.style.width = `${Math.max(at.width, 220)}px`;
  const below = window.innerHeight - at.bottom;
  if (below < 200 && at.top > below) box.style.bottom = `${window.innerHeight - at.top + 4}px`;
  else box.style.top = `${at.bottom + 4}px`;
}

function activate(at: number): void {
  active = at;
  choose(list, owner, at);
}

function pick(at: number): void {
  const one = choices[at];
  if (!one || !owner) return;
  const { id, was } = companions(owner);
  owner.value = one.text;
  if (id) id.value = one.id;
  if (was) was.value = one.text;
  const input = owner;
  close();
  input.dispatchEvent(new Event("change", { bubbles: true }));
}

function close(): void {
  list?.remove();
  list = null;
  owner?.setAttribute("aria-expanded", "false");
  owner?.removeAttribute("aria-activedescendant");
  owner = null;
  choices = [];
}

const comboOf = (event: Event) => (event.target as Element).closest?.<HTMLInputElement>("[data-combobox]") ?? null;
let waiting = 0;
let isStale = false;

document.addEventListener("input", (event) => {
  const input = comboOf(event);
  if (!input) return;
  const { id, was } = companions(input);
  // The old record no longer stands for this text; the server would look the text up.
  if (id && was && was.value !== input.value) id.value = "";
  // Whatever is shown or on its way answers an older text: Enter must not take it.
  asked += 1;
  isStale = true;
  hurried = null;
  window.clearTimeout(waiting);
  waiting = window.setTimeout(() => void ask(input), 120);
});
document.addEventListener("click", (event) => {
  const input = comboOf(event);
  if (input && owner !== input) void ask(input);
});
document.addEventListener("focusout", (event) => {
  if (comboOf(event)) window.setTimeout(() => document.activeElement !== owner && close(), 100);
});
document.addEventListener(
  "keydown",
  (event) => {
    const input = comboOf(event);
    if (!input) return;
    if (event.key === "Enter" && isStale && input.value && !event.ctrlKey && !event.metaKey) hurried = input;
    else if (event.key === "ArrowDown" && !list) void ask(input);
    else if (list && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      const count = choices.length;
      if (count) activate((active + (event.key === "ArrowDown" ? 1 : -1) + count) % count);
    } else if (list && event.key === "Enter" && active >= 0) pick(active);
    else if (list && event.key === "Tab" && active >= 0 && input.value) return pick(active);
    else if (list && event.key === "Escape") {
      close();
      event.stopPropagation();
    } else return;
    event.preventDefault();
  },
  true,
);
document.addEventListener("scroll", (event) => list && !list.contains(event.target as Node) && close(), true);
