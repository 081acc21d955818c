/* "@" in a note offers colleagues; who is chosen stands in the text as "@Name", and their id goes along in a hidden field. */

import { choose, optionLine, type Choice } from "./options";

const WRITING = /(?:^|[\s(])@([\p{L}\p{N}][\p{L}\p{N} .'’-]{0,39}|)$/u;

let list: HTMLElement | null = null;
let owner: HTMLTextAreaElement | null = null;
let choices: Choice[] = [];
let active = 0;
let asked = 0;
let waiting = 0;

const boxOf = (event: Event) => (event.target as Element).closest?.<HTMLTextAreaElement>("form[data-pane] .cp-main textarea") ?? null;

/** What is written after the "@" before the caret; null when no name is being written. */
function query(box: HTMLTextAreaElement): string | null {
  const found = WRITING.exec(box.value.slice(0, box.selectionStart));
  return found ? (found[1] ?? "") : null;
}

document.addEventListener("input", (event) => {
  const box = boxOf(event);
  if (!box) return;
  const text = query(box);
  window.clearTimeout(waiting);
  if (text === null) return close();
  waiting = window.setTimeout(() => void ask(box, text), 120);
});

async function ask(box: HTMLTextAreaElement, text: string): Promise<void> {
  const turn = ++asked;
  const answer = await fetch(`/lookup/user?q=${encodeURIComponent(text)}`, { headers: { Accept: "application/json", "HX-Request": "true" } }).catch(() => null);
  if (!answer?.ok || turn !== asked || document.activeElement !== box || query(box) !== text) return;
  const { results } = (await answer.json()) as { results: Choice[] };
  // "@" and a whole sentence is no name: the list goes away instead of saying so at every key.
  if (!results.length && text.includes(" ")) return close();
  show(box, results);
}

function show(box: HTMLTextAreaElement, found: Choice[]): void {
  close();
  owner = box;
  choices = found;
  list = document.createElement("div");
  list.className = "combo-list";
  list.id = `${box.id}-people`;
  list.setAttribute("role", "listbox");
  list.popover = "manual";
  found.forEach((one, at) => list?.append(optionLine(one, `${list.id}-${at}`, "", () => pick(at))));
  if (!found.length) {
    const line = document.createElement("div");
    line.className = "none";
    line.textContent = box.closest<HTMLElement>("[data-composer]")?.dataset.nobody ?? "";
    list.append(line);
  }
  document.body.append(list);
  list.showPopover();
  const at = box.getBoundingClientRect();
  list.style.left = `${at.left}px`;
  list.style.width = "280px";
  if (window.innerHeight - at.bottom < 220) list.style.bottom = `${window.innerHeight - at.top + 4}px`;
  else list.style.top = `${at.bottom + 4}px`;
  box.setAttribute("aria-controls", list.id);
  box.setAttribute("aria-autocomplete", "list");
  mark(0);
}

function mark(at: number): void {
  active = at;
  choose(list, owner, at);
}

function pick(at: number): void {
  const [one, box] = [choices[at], owner];
  if (!one || !box) return;
  const caret = box.selectionStart;
  const start = box.value.slice(0, caret).lastIndexOf("@");
  box.setRangeText(`@${one.text} `, start, caret, "end");
  const people = box.closest("form")?.querySelector<HTMLInputElement>("[data-people]");
  if (people && !people.value.split(" ").includes(one.id)) people.value = `${people.value} ${one.id}`.trim();
  close();
  box.dispatchEvent(new Event("input", { bubbles: true }));
}

function close(): void {
  list?.remove();
  list = null;
  owner?.removeAttribute("aria-activedescendant");
  owner?.removeAttribute("aria-controls");
  owner = null;
  choices = [];
}

document.addEventListener("keydown", (event) => {
  if (!list || !owner || event.target !== owner) return;
  if ((event.key === "ArrowDown" || event.key === "ArrowUp") && choices.length) mark((active + (event.key === "ArrowDown" ? 1 : -1) + choices.length) % choices.length);
  else if ((event.key === "Enter" || event.key === "Tab") && choices.length && !event.ctrlKey && !event.metaKey) pick(active);
  else if (event.key === "Escape") close();
  else return;
  event.preventDefault();
  event.stopPropagation();
}, true);

document.addEventListener("focusout", (event) => boxOf(event) && window.setTimeout(() => document.activeElement !== owner && close(), 100));
document.addEventListener("scroll", (event) => list && !list.contains(event.target as Node) && close(), true);

export {};
