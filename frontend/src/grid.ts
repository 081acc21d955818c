/* The list as a spreadsheet: one tab stop, arrows move, typing edits. Without a wide screen or a list it does nothing. */
import { announce, isTyping } from "./live";
import { clear, copy, fillDown, paste } from "./grid_clipboard";
import { edit, isEditing } from "./grid_edit";
import { closePeek, followPeek, isPeeking, peek } from "./grid_peek";
import { canEdit, cellAt, forgetRows, goTo, heads, isWide, lastCol, paint, rows, scroller, sizeOf, spotOf, state, range, table, tame } from "./grid_table";
import { startWidths, widen } from "./grid_widths";
import { startWindow, showRow } from "./grid_window";
import { hasRedo, hasUndo, redo, undo } from "./grid_write";

const TITLE = 1;
let waitsBelow = false;

// ---- moving ----

function move(byRow: number, byCol: number, extend: boolean): void {
  const from = spotOf(state.at);
  if (!from || !state.at) return;
  const row = from.row + byRow;
  if (row < 0) return toHead(from.col);
  const all = rows();
  if (row >= all.length && table()?.querySelector("tr.more")) {
    waitsBelow = true;
    table()?.querySelector("tr.more")?.scrollIntoView({ block: "nearest" });
  }
  put(Math.min(row, all.length - 1), Math.max(0, Math.min(from.col + byCol, lastCol())), extend);
}

function put(row: number, col: number, extend: boolean): void {
  const line = rows()[row];
  if (!line) return;
  showRow(line);
  goTo(cellAt(row, col), { extend });
}

function toHead(col: number): void {
  const head = heads()[col];
  const inside = head?.querySelector<HTMLElement>("a, input");
  (inside ?? head)?.focus();
}

function edge(key: string, whole: boolean, extend: boolean): void {
  const from = spotOf(state.at);
  if (!from) return;
  const last = rows().length - 1;
  if (key === "Home") put(whole ? 0 : from.row, whole ? TITLE : TITLE, extend);
  else put(whole ? last : from.row, lastCol(), extend);
}

const perPage = () => Math.max(1, Math.floor(((scroller()?.clientHeight ?? 400) - 72) / 38) - 1);

// ---- keys ----

type Press = (event: KeyboardEvent) => boolean | void;

const KEYS: Record<string, Press> = {
  ArrowDown: (e) => (e.ctrlKey || e.metaKey ? put(rows().length - 1, spotOf(state.at)?.col ?? 1, e.shiftKey) : move(1, 0, e.shiftKey)),
  ArrowUp: (e) => (e.ctrlKey || e.metaKey ? put(0, spotOf(state.at)?.col ?? 1, e.shiftKey) : move(-1, 0, e.shiftKey)),
  ArrowRight: (e) => sideways(e, 1),
  ArrowLeft: (e) => sideways(e, -1),
  Home: (e) => edge("Home", e.ctrlKey || e.metaKey, e.shiftKey),
  End: (e) => edge("End", e.ctrlKey || e.metaKey, e.shiftKey),
  PageDown: (e) => move(perPage(), 0, e.shiftKey),
  PageUp: (e) => move(-Math.min(perPage(), spotOf(state.at)?.row ?? 0), 0, e.shiftKey),
  Enter: (e) => enter(e),
  F2: () => void edit(state.at),
  Delete: () => clear(),
  Backspace: () => clear(),
  Escape: () => escape(),
  " ": (e) => (e.shiftKey ? tick() : peek(state.at?.parentElement?.dataset.id ?? "")),
};

function sideways(event: KeyboardEvent, step: number): void {
  const way = getComputedStyle(table() ?? document.body).direction === "rtl" ? -step : step;
  if (event.ctrlKey || event.metaKey) edge(way > 0 ? "End" : "Home", false, event.shiftKey);
  else move(0, way, event.shiftKey);
}

function enter(event: KeyboardEvent): boolean | void {
  const col = state.at?.cellIndex ?? 0;
  if (col === 0) return tick();
  if (col === TITLE) {
    const link = state.at?.querySelector<HTMLAnchorElement>("a");
    if (event.ctrlKey || event.metaKey) window.open(link?.href, "_blank", "noopener");
    else link?.click();
  } else if (event.ctrlKey || event.metaKey) return false;
  else void edit(state.at);
}

function escape(): boolean {
  const now = range();
  if (isPeeking()) closePeek();
  else if (now && sizeOf(now) > 1) {
    state.anchor = null;
    paint();
  } else return false;
  return true;
}

function tick(): void {
  state.at?.parentElement?.querySelector<HTMLInputElement>(".tick")?.click();
  state.at?.focus({ preventScroll: true });
}

const CONTROL: Record<string, Press> = {
  c: () => copy(false),
  x: () => copy(true),
  d: () => fillDown(),
  a: () => {
    put(0, TITLE, false);
    put(rows().length - 1, lastCol(), true);
  },
};

/** A letter is a shortcut where it cannot be typed: on the name and in columns that nobody may change. */
const takesLetters = (cell: HTMLTableCellElement) => cell.cellIndex > TITLE && canEdit(cell.cellIndex);

function onKey(event: KeyboardEvent): void {
  const cell = (event.target as HTMLElement).closest<HTMLTableCellElement>("td");
  if (!cell || !cell.parentElement?.dataset.id || isEditing() || !isWide()) return;
  if (cell !== state.at) goTo(cell, { quiet: true });
  const control = event.ctrlKey || event.metaKey;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  let did: boolean | void = false;
  if (event.target !== cell && (key === "Enter" || key === " ")) return;
  if (event.altKey) return;
  if (KEYS[key] && !(control && key === " ")) did = KEYS[key](event);
  else if (control && CONTROL[key]) did = CONTROL[key](event);
  else if (!control && event.key.length === 1 && takesLetters(cell)) did = void edit(cell, event.key);
  else return;
  if (did === false) return;
  event.preventDefault();
  event.stopImmediatePropagation();
}

function onHeadKey(event: KeyboardEvent): void {
  const head = (event.target as HTMLElement).closest<HTMLTableCellElement>("th");
  if (!head || !isWide()) return;
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (step && event.altKey && event.shiftKey) widen(head, step * 16);
  else if (step) toHead(head.cellIndex + step);
  else if (event.key === "ArrowDown") put(0, head.cellIndex, false);
  else return;
  event.preventDefault();
  event.stopImmediatePropagation();
}

// Before the shortcuts of the page, which listen on the document too.
document.addEventListener("keydown", (event) => {
  const target = event.target as HTMLElement;
  if (!table()) return;
  if (target.closest("#grid tbody")) onKey(event);
  else if (target.closest("#grid thead")) onHeadKey(event);
  if (!event.defaultPrevented && isPeeking() && event.key === "Escape" && !isTyping(target)) closePeek();
  if (event.defaultPrevented || !(event.ctrlKey || event.metaKey) || isTyping(target) || document.querySelector("dialog[open]")) return;
  const key = event.key.toLowerCase();
  const [back, again] = [key === "z" && !event.shiftKey && hasUndo(), (key === "y" || (key === "z" && event.shiftKey)) && hasRedo()];
  if (!back && !again) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  void (back ? undo() : redo());
}, true);

document.addEventListener("gridgo", (event) => {
  const { from, way } = (event as CustomEvent<{ from: HTMLTableCellElement; way: string }>).detail;
  goTo(from);
  const [down, right] = { down: [1, 0], up: [-1, 0], right: [0, 1], left: [0, -1] }[way] ?? [0, 0];
  const at = spotOf(from);
  if (!at || (down < 0 && at.row === 0)) return;
  move(down, right, false);
});

// ---- mouse ----

let dragging = false;

document.addEventListener("pointerdown", (event) => {
  const cell = (event.target as HTMLElement).closest<HTMLTableCellElement>("#grid tbody td");
  if (!cell?.parentElement?.dataset.id || event.button !== 0 || !isWide() || event.pointerType === "touch") return;
  if ((event.target as HTMLElement).closest("input, button, label") || cell.cellIndex > lastCol()) return;
  const onName = cell.cellIndex === TITLE && (event.target as HTMLElement).closest("a");
  if (onName && !event.shiftKey) return;
  if (event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  dragging = true;
  goTo(cell, { extend: event.shiftKey });
});
document.addEventListener("pointermove", (event) => {
  if (!dragging) return;
  const cell = (event.target as HTMLElement).closest<HTMLTableCellElement>("#grid tbody td");
  if (cell?.parentElement?.dataset.id && cell !== state.at && cell.cellIndex >= TITLE && cell.cellIndex <= lastCol()) goTo(cell, { extend: true });
});
document.addEventListener("pointerup", () => (dragging = false));

document.addEventListener("click", (event) => {
  const link = (event.target as HTMLElement).closest<HTMLAnchorElement>("#grid tbody td a");
  const cell = link?.closest<HTMLTableCellElement>("td");
  if (!link || !cell || !isWide()) return;
  // A press on a value that can be changed chooses its cell; with Ctrl it opens what it names.
  const chooses = cell.cellIndex > TITLE ? canEdit(cell.cellIndex) && !event.ctrlKey && !event.metaKey : event.shiftKey;
  if (chooses && cell.parentElement?.dataset.id) event.preventDefault();
});
document.addEventListener("dblclick", (event) => {
  const cell = (event.target as HTMLElement).closest<HTMLTableCellElement>("#grid tbody td");
  if (cell?.parentElement?.dataset.id && cell.cellIndex >= TITLE && isWide()) void edit(cell);
});
document.addEventListener("focusin", (event) => {
  const cell = (event.target as HTMLElement).closest?.<HTMLTableCellElement>("#grid tbody td");
  if (cell?.parentElement?.dataset.id && cell !== state.at && isWide()) goTo(cell, { quiet: true });
});
document.addEventListener("paste", (event) => paste(event));

// ---- the sentence of a refused cell, and the drawer, follow the focus ----

document.addEventListener("gridmove", () => {
  const tip = document.getElementById("cell-wrong");
  const wrong = state.at?.dataset.wrong;
  if (!wrong || !state.at) tip?.remove();
  else {
    const box = tip ?? document.createElement("div");
    box.id = "cell-wrong";
    box.className = "cell-wrong";
    box.textContent = wrong;
    (document.getElementById("main") ?? document.body).append(box);
    const spot = state.at.getBoundingClientRect();
    box.style.left = `${Math.max(4, Math.min(spot.left, window.innerWidth - box.offsetWidth - 8))}px`;
    box.style.top = `${spot.bottom + 2}px`;
    state.at.setAttribute("aria-describedby", "cell-wrong");
    announce(wrong);
  }
  if (isPeeking()) followPeek(state.at?.parentElement?.dataset.id ?? "");
});
document.addEventListener("scroll", () => document.getElementById("cell-wrong")?.remove(), { capture: true, passive: true });

// ---- rows come and go ----

function start(): void {
  const grid = table();
  if (!grid || !isWide()) return;
  grid.setAttribute("role", "grid");
  grid.setAttribute("aria-multiselectable", "true");
  for (const one of grid.querySelectorAll<HTMLElement>("thead a, thead input")) one.tabIndex = -1;
  for (const one of heads()) if (!one.querySelector("a, input") && one.dataset.key) one.tabIndex = -1;
  arrived();
  startWidths();
  startWindow();
}

function arrived(): void {
  const body = table()?.tBodies[0];
  if (!body || !isWide()) return;
  tame(body);
  // A row that was added here and now comes with its page stands twice: the one in its place stays.
  for (const row of body.querySelectorAll<HTMLElement>("tr[data-added]")) {
    if (body.querySelectorAll(`tr[data-id="${row.dataset.id}"]`).length > 1) row.remove();
  }
  forgetRows();
  const first = rows()[0];
  if (first && (!state.at || !state.at.isConnected)) goTo(first.cells[TITLE] ?? null, { quiet: true });
  if (waitsBelow) {
    waitsBelow = false;
    move(1, 0, false);
  }
}

document.body.addEventListener("htmx:afterSettle", (event) => {
  const target = (event as CustomEvent).detail.target as Element | undefined;
  if (target?.closest?.("#grid") || (event.target as Element).closest?.("#grid")) arrived();
});
start();
