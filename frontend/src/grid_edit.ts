/* Editing one cell: the control of the record page laid over it. Enter saves and goes down, Tab right, Escape puts back. */
import { announce } from "./live";
import { applyRows, canEdit, columns, flash, goTo, isWide, keyAt, mend, rowOf, say, spoil, table, tame, words } from "./grid_table";
import { inLine, post, remember } from "./grid_write";

let form: HTMLFormElement | null = null;
let edited: HTMLTableCellElement | null = null;
let opening = 0;
let typedAhead: string | null = null;
/** Keys pressed while a control is on its way, after the letters that belong to it. */
let waiting: KeyboardEvent[] = [];
let before = "";

export const isEditing = () => form !== null || typedAhead !== null;
const urlOf = (cell: HTMLTableCellElement) => `${table()?.dataset.grid}${(cell.parentElement as HTMLElement).dataset.id}/cell/${keyAt(cell.cellIndex)}`;

/** Open the control of a cell; `typed` replaces what is there. */
export async function edit(cell: HTMLTableCellElement | null, typed: string | null = null): Promise<void> {
  if (!cell || !isWide() || isEditing()) return;
  if (!canEdit(cell.cellIndex)) {
    say(words("readonly"), "info");
    return;
  }
  const turn = ++opening;
  typedAhead = typed ?? "";
  const kept = cell.dataset.typed;
  cell.classList.add("is-opening");
  let html = "";
  try {
    const reply = await inLine(() => fetch(urlOf(cell) + (kept !== undefined ? `?text=${encodeURIComponent(kept)}` : ""), { headers: { "HX-Request": "true" } }));
    if (reply.ok) html = await reply.text();
    else {
      const told = JSON.parse(reply.headers.get("HX-Trigger") ?? "{}") as { toast?: { text: string } };
      say(told.toast?.text ?? words("offline"), "bad");
    }
  } catch {
    say(words("offline"), "bad");
  }
  cell.classList.remove("is-opening");
  if (html && turn === opening) open(cell, html, typed !== null || !!typedAhead);
  else {
    typedAhead = null;
    waiting = [];
  }
}

function open(cell: HTMLTableCellElement, html: string, replacing: boolean): void {
  const made = new DOMParser().parseFromString(html, "text/html").querySelector("form");
  const ahead = typedAhead ?? "";
  typedAhead = null;
  if (!made) return;
  form = document.importNode(made, true);
  edited = cell;
  (document.getElementById("main") ?? document.body).append(form);
  place();
  before = shape(form);
  const input = form.querySelector<HTMLElement>("input:not([type=hidden]):checked, input:not([type=hidden]), select, textarea");
  input?.focus();
  if (input instanceof HTMLInputElement && (input.type === "text" || input.type === "search") || input instanceof HTMLTextAreaElement) {
    if (replacing) {
      input.value = ahead;
      input.dispatchEvent(new Event("input", { bubbles: true }));
    } else input.select();
  } else if (input instanceof HTMLSelectElement && !waiting.length) {
    if (replacing) pickByLetter(input, ahead);
    try {
      input.showPicker();
    } catch {
      // Without a press just before, the browser keeps the list closed; arrows and letters work all the same.
    }
  } else if (input instanceof HTMLSelectElement) pickByLetter(input, ahead);
  // Whoever types faster than the server answers loses no key: Enter, Tab and arrows follow now.
  const rest = waiting;
  waiting = [];
  for (const key of rest) {
    document.activeElement?.dispatchEvent(new KeyboardEvent("keydown", { key: key.key, shiftKey: key.shiftKey, bubbles: true, cancelable: true }));
  }
}

/** A letter typed onto a choice picks the first option that begins with it. */
function pickByLetter(list: HTMLSelectElement, letters: string): void {
  const at = [...list.options].findIndex((one) => one.text.toLowerCase().startsWith(letters.toLowerCase()));
  if (at >= 0) list.selectedIndex = at;
}

const shape = (one: HTMLFormElement) => JSON.stringify([...new FormData(one)].filter(([, value]) => typeof value === "string"));

function place(): void {
  if (!form || !edited) return;
  const [box, frame] = [edited.getBoundingClientRect(), document.getElementById("list-scroll")?.getBoundingClientRect()];
  form.hidden = !!frame && (box.bottom < frame.top + 34 || box.top > frame.bottom - 34);
  const wide = Math.max(box.width, form.matches(".is-wide, :has([data-combobox])") ? 320 : 180);
  form.style.left = `${Math.max(4, Math.min(box.left, window.innerWidth - wide - 8))}px`;
  form.style.top = `${Math.min(box.top, window.innerHeight - Math.max(form.offsetHeight, 40) - 8)}px`;
  form.style.width = `${wide}px`;
  form.style.minHeight = `${box.height}px`;
}

/** What the cell shows until the server has answered. */
function textOf(one: HTMLFormElement): string {
  const list = one.querySelector("select");
  if (list) return list.selectedOptions[0]?.value ? list.selectedOptions[0].text : "";
  const radio = one.querySelector<HTMLInputElement>("input[type=radio]:checked");
  if (radio) return radio.parentElement?.textContent?.trim() ?? "";
  return [...one.querySelectorAll<HTMLInputElement | HTMLTextAreaElement>("input[type=text], textarea")].map((field) => field.value).filter(Boolean).join(", ");
}

function close(): { cell: HTMLTableCellElement; was: HTMLFormElement } | null {
  if (!form || !edited) return null;
  const [cell, was] = [edited, form];
  form = edited = null;
  was.remove();
  return { cell, was };
}

/** Save what the control holds and go on: "down", "up", "right", "left", or nowhere. */
export function commit(way: "down" | "up" | "right" | "left" | "" = ""): void {
  if (!form || !edited) return;
  const [data, url, text, isSame] = [new FormData(form), form.dataset.cellForm ?? "", textOf(form), shape(form) === before];
  const cell = edited;
  close();
  if (!isSame || cell.classList.contains("is-bad")) void save(cell, url, data, text);
  if (way) document.dispatchEvent(new CustomEvent("gridgo", { detail: { from: cell, way } }));
}

export function putBack(): void {
  const had = close();
  if (had) goTo(had.cell);
}

async function save(cell: HTMLTableCellElement, url: string, data: FormData, text: string): Promise<void> {
  const id = (cell.parentElement as HTMLElement).dataset.id ?? "";
  const key = keyAt(cell.cellIndex);
  const was = cell.innerHTML;
  mend(cell);
  if (cell.cellIndex > 1) cell.textContent = text || "–";
  cell.classList.add("is-saving");
  data.set("columns", columns().join(","));
  const got = await inLine(() => post(url, () => {
    const version = rowOf(id)?.dataset.version;
    // What this page wrote itself since the control was opened is no other person's change.
    if (version && Number(version) > Number(data.get("version"))) data.set("version", version);
    return data;
  }));
  cell.classList.remove("is-saving");
  if (!got) {
    cell.innerHTML = was;
    tame(cell);
    spoil(id, key, words("offline"), text);
    return;
  }
  if (got.status === 409) {
    choose(cell, got.answer.html ?? "", url, data, text, got.answer.rows);
    return;
  }
  if (got.status >= 400) {
    cell.innerHTML = was;
    tame(cell);
    spoil(id, key, got.answer.error ?? words("offline"), text);
    announce(got.answer.error ?? "");
    return;
  }
  remember(got.answer);
  applyRows(got.answer.rows);
  flash(id, key);
  announce(words("saved"));
  document.body.dispatchEvent(new CustomEvent("listChanged"));
}

// ---- somebody else changed it ----

function choose(cell: HTMLTableCellElement, html: string, url: string, data: FormData, text: string, found: Parameters<typeof applyRows>[0]): void {
  const id = (cell.parentElement as HTMLElement).dataset.id ?? "";
  const version = found?.[id]?.version;
  applyRows(found);
  const box = new DOMParser().parseFromString(html, "text/html").body.firstElementChild as HTMLElement | null;
  if (!box) return;
  const shown = document.importNode(box, true);
  const spot = cell.getBoundingClientRect();
  shown.style.left = `${Math.max(8, Math.min(spot.left, window.innerWidth - 328))}px`;
  shown.style.top = `${Math.min(spot.bottom + 4, window.innerHeight - 190)}px`;
  (document.getElementById("main") ?? document.body).append(shown);
  cell.classList.add("is-contested");
  const end = () => {
    shown.remove();
    cell.classList.remove("is-contested");
    goTo(cell);
  };
  shown.querySelector("[data-theirs]")?.addEventListener("click", end);
  shown.querySelector("[data-mine]")?.addEventListener("click", () => {
    end();
    data.set("version", String(version));
    void save(cell, url, data, text);
  });
  shown.addEventListener("keydown", (event) => {
    if (event.key === "Escape") end();
    event.stopPropagation();
  });
  shown.querySelector<HTMLElement>("[data-mine]")?.focus();
}

// ---- keys and focus of the control ----

document.addEventListener("keydown", (event) => {
  // Letters typed while the control is on its way belong to it.
  if (typedAhead !== null && !form && !event.ctrlKey && !event.metaKey && !["Shift", "Alt", "Control", "Meta"].includes(event.key)) {
    if (event.key.length === 1 && !waiting.length) typedAhead += event.key;
    else waiting.push(event);
    event.preventDefault();
    event.stopImmediatePropagation();
    return;
  }
  const target = event.target as HTMLElement;
  if (!form?.contains(target)) return;
  const isPicking = target.getAttribute("aria-expanded") === "true";
  if (event.key === "Escape" && !isPicking) putBack();
  else if (event.key === "Enter" && !(target instanceof HTMLTextAreaElement && (event.shiftKey || event.altKey))) {
    // A combobox takes the Enter first (it was registered before); what it picked is saved right away.
    commit(event.shiftKey ? "up" : "down");
  } else if (event.key === "Tab" && !nextInput(target, event.shiftKey)) {
    // The combobox picks on Tab as well; it has had the key already.
    const back = event.shiftKey;
    event.preventDefault();
    event.stopImmediatePropagation();
    commit(back ? "left" : "right");
    return;
  } else return;
  event.preventDefault();
  event.stopImmediatePropagation();
}, true);

/** Tab walks through the lines of a list (phones) before it leaves the cell. */
function nextInput(target: HTMLElement, back: boolean): boolean {
  const lines = [...(form?.querySelectorAll<HTMLInputElement>("[data-repeat] input") ?? [])];
  const next = lines[lines.indexOf(target as HTMLInputElement) + (back ? -1 : 1)];
  return !!next && (target as HTMLInputElement).value !== "";
}

document.addEventListener("submit", (event) => {
  if (event.target !== form) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  commit("down");
}, true);

document.addEventListener("pointerdown", (event) => {
  const target = event.target as HTMLElement;
  if (form && !form.contains(target) && !target.closest(".combo-list")) commit();
}, true);

document.addEventListener("focusin", (event) => {
  const target = event.target as HTMLElement;
  if (form && !form.contains(target) && !target.closest(".combo-list") && !target.contains(form)) commit();
});
document.addEventListener("scroll", () => form && place(), { capture: true, passive: true });
window.addEventListener("resize", () => form && place());

