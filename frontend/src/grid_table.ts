/* The grid as geometry: rows, columns, the cell that has the one tab stop, the range, and answers put into cells. */
import { announce } from "./live";

export interface Row { version: number; cells: Record<string, string> }

export const table = () => document.querySelector<HTMLTableElement>("table[data-grid]");
export const scroller = () => document.getElementById("list-scroll");
export const words = (key: string) => document.getElementById("grid-words")?.dataset[key] ?? "";
export const say = (text: string, kind = "ok", undo = "") => document.body.dispatchEvent(new CustomEvent("toast", { detail: { text, kind, undo } }));
export const isWide = () => window.innerWidth > 767;

/** The head cells; the one at position n stands over the cells with index n. */
export const heads = () => [...(table()?.tHead?.rows[0]?.cells ?? [])];
export const lastCol = () => heads().filter((one) => one.dataset.key).length;
export const keyAt = (col: number) => heads()[col]?.dataset.key ?? "";
export const canEdit = (col: number) => "edit" in (heads()[col]?.dataset ?? {});
export const colOf = (key: string) => heads().findIndex((one) => one.dataset.key === key);
export const columns = () => heads().map((one) => one.dataset.key ?? "").filter(Boolean);

let known: HTMLTableRowElement[] | null = null;

/** The rows that hold records, in their order; heads of groups and the row that loads more are none. */
export function rows(): HTMLTableRowElement[] {
  known ??= [...(table()?.tBodies[0]?.rows ?? [])].filter((one) => one.dataset.id);
  return known;
}

export function forgetRows(): void {
  known = null;
}

export const rowOf = (id: string) => document.getElementById(`r-${id}`) as HTMLTableRowElement | null;

// ---- the current cell and the range ----

export interface Spot { row: number; col: number }
export interface Range { top: number; bottom: number; left: number; right: number }

export const state: { at: HTMLTableCellElement | null; anchor: HTMLTableCellElement | null } = { at: null, anchor: null };
let painted: HTMLTableCellElement[] = [];

export function spotOf(cell: HTMLTableCellElement | null): Spot | null {
  const row = cell?.parentElement as HTMLTableRowElement | undefined;
  const at = row ? rows().indexOf(row) : -1;
  return at < 0 || !cell ? null : { row: at, col: cell.cellIndex };
}

export function cellAt(row: number, col: number): HTMLTableCellElement | null {
  const line = rows()[row];
  return line ? (line.cells[col] ?? null) : null;
}

/** The range in positions; one cell is a range of one. */
export function range(): Range | null {
  const [a, b] = [spotOf(state.at), spotOf(state.anchor ?? state.at)];
  if (!a || !b) return null;
  return { top: Math.min(a.row, b.row), bottom: Math.max(a.row, b.row), left: Math.min(a.col, b.col), right: Math.max(a.col, b.col) };
}

export const sizeOf = (one: Range) => (one.bottom - one.top + 1) * (one.right - one.left + 1);

export function paint(): void {
  const now = range();
  for (const one of painted) one.classList.remove("in-range");
  painted = [];
  if (now && sizeOf(now) > 1) {
    for (const row of rows().slice(now.top, now.bottom + 1)) {
      for (let col = now.left; col <= now.right; col++) if (row.cells[col]) painted.push(row.cells[col]);
    }
    for (const one of painted) one.classList.add("in-range");
  }
}

/** Make a cell the current one; `extend` keeps the other end of the range, `quiet` leaves the focus where it is. */
export function goTo(cell: HTMLTableCellElement | null, { extend = false, quiet = false } = {}): void {
  if (!cell) return;
  if (state.at && state.at !== cell) {
    state.at.removeAttribute("tabindex");
    state.at.classList.remove("is-at");
  }
  const had = state.anchor;
  state.anchor = extend ? (had ?? state.at) : null;
  state.at = cell;
  cell.tabIndex = 0;
  cell.classList.add("is-at");
  if (cell.cellIndex > 0 && cell.tagName === "TD") cell.setAttribute("aria-readonly", String(!canEdit(cell.cellIndex)));
  if (!quiet) {
    cell.focus({ preventScroll: true });
    cell.scrollIntoView({ block: "nearest", inline: "nearest" });
  }
  if (state.anchor || had) paint();
  const now = extend ? range() : null;
  if (now && sizeOf(now) > 1) announce(words("cells").replace("{n}", String(sizeOf(now))));
  cell.dispatchEvent(new CustomEvent("gridmove", { bubbles: true }));
}

// ---- what the server answers ----

/** Put rows as they are now into their cells. */
export function applyRows(found: Record<string, Row> | undefined): void {
  for (const [id, row] of Object.entries(found ?? {})) {
    const line = rowOf(id);
    if (!line) continue;
    line.dataset.version = String(row.version);
    for (const [key, html] of Object.entries(row.cells)) {
      const cell = line.cells[colOf(key)];
      if (!cell || cell.classList.contains("is-bad")) continue;
      cell.innerHTML = html;
      tame(cell);
    }
  }
}

/** One tab stop: what is inside of cells is reached by arrows, not by Tab. */
export function tame(within: Element): void {
  for (const one of within.querySelectorAll<HTMLElement>("a, input, button")) one.tabIndex = -1;
}

/** A cell as saved: softly green for a moment. */
export function flash(id: string, key: string): void {
  const cell = rowOf(id)?.cells[colOf(key)];
  if (!cell) return;
  cell.classList.add("is-saved");
  window.setTimeout(() => cell.classList.remove("is-saved"), 900);
}

/** A cell that was refused: red, with what was typed, its sentence shown while the focus is on it. */
export function spoil(id: string, key: string, sentence: string, text: string): void {
  const cell = rowOf(id)?.cells[colOf(key)];
  if (!cell) return;
  cell.classList.add("is-bad");
  cell.dataset.typed = text;
  cell.dataset.wrong = sentence;
  cell.setAttribute("aria-invalid", "true");
  cell.textContent = text || "–";
  cell.dispatchEvent(new CustomEvent("gridmove", { bubbles: true }));
}

export function mend(cell: HTMLTableCellElement): void {
  cell.classList.remove("is-bad");
  cell.removeAttribute("aria-invalid");
  delete cell.dataset.typed;
  delete cell.dataset.wrong;
}
