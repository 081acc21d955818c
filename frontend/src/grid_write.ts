/* Writing cells: one request after the other, optimistic, with steps that can be taken back as long as the page is open. */
import { announce, csrfToken } from "./live";
import { applyRows, columns, flash, forgetRows, mend, rowOf, say, spoil, table, tame, words, colOf, type Row } from "./grid_table";

export interface CellWrite { id: string; key: string; text?: string; value?: unknown; expect?: unknown }
interface Step { id: string; key: string; before: unknown; after: unknown }
interface Wrong { id?: string; new?: number; key: string; sentence: string; text: string | null }
export interface Answer {
  text: string; rows: Record<string, Row>; steps: Step[]; errors: Wrong[]; made?: string[];
  added?: string; removed?: number; restored?: number; error?: string; typed?: string; html?: string;
}
interface Done { steps: Step[]; made: string[] }

const past: Done[] = [];
const future: Done[] = [];
let line: Promise<unknown> = Promise.resolve();
let pending = 0;

const headers = () => ({ "X-CSRFToken": csrfToken(), "HX-Request": "true", Accept: "application/json" });

/** One write waits for the one before, so that each carries the version that the last one made. */
export function inLine<T>(work: () => Promise<T>): Promise<T> {
  pending++;
  const next = line.then(work, work).finally(() => pending--);
  line = next.catch(() => undefined);
  return next;
}

/** Post and read the answer; null when there is none (the sentence has been shown). */
export async function post(url: string, body: () => FormData | string): Promise<{ status: number; answer: Answer } | null> {
  try {
    const reply = await fetch(url, { method: "POST", body: body(), headers: headers() });
    if (reply.headers.get("Content-Type")?.includes("json")) return { status: reply.status, answer: (await reply.json()) as Answer };
    const told = JSON.parse(reply.headers.get("HX-Trigger") ?? "{}") as { toast?: { text: string } };
    say(told.toast?.text ?? words("offline"), "bad");
  } catch {
    say(words("offline"), "bad");
  }
  return null;
}

/** Remember what was done, so that Ctrl+Z takes it back. Returns the mark for the toast's button. */
export function remember(answer: Answer): string {
  if (!answer.steps.length && !answer.made?.length) return "";
  past.push({ steps: answer.steps, made: answer.made ?? [] });
  future.length = 0;
  return "grid";
}

/** Write a block of cells and new rows; shows what came of it. */
export function writeCells(cells: CellWrite[], added: Record<string, string>[] = []): Promise<Answer | null> {
  return inLine(async () => {
    const got = await post(`${table()?.dataset.grid}cells`, () => JSON.stringify({ columns: columns(), cells, versions: versionsOf(cells), new: added }));
    if (!got) return null;
    if (got.status >= 400) {
      say(got.answer.error ?? words("offline"), "bad");
      return null;
    }
    const mark = remember(got.answer);
    show(got.answer, cells);
    say(got.answer.text, got.answer.errors.length ? "bad" : "ok", mark);
    addRows(got.answer.added);
    return got.answer;
  });
}

/** New rows come to the end of what is loaded, softly green, and into sight. */
function addRows(html: string | undefined): void {
  const body = table()?.tBodies[0];
  if (!html || !body) return;
  const made = document.createElement("template");
  made.innerHTML = html;
  const fresh = [...made.content.querySelectorAll<HTMLTableRowElement>("tr[data-id]")];
  const more = body.querySelector("tr.more");
  if (more) more.before(...fresh);
  else body.append(...fresh);
  forgetRows();
  tame(body);
  for (const row of fresh) row.dataset.added = "";
  for (const row of fresh) flash(row.dataset.id ?? "", columns()[0]);
  fresh[0]?.scrollIntoView({ block: "nearest" });
  document.body.dispatchEvent(new CustomEvent("listChanged"));
}

function versionsOf(cells: CellWrite[]): Record<string, number> {
  const found: Record<string, number> = {};
  for (const one of cells) {
    const version = rowOf(one.id)?.dataset.version;
    if (version && !("expect" in one)) found[one.id] = Number(version);
  }
  return found;
}

function show(answer: Answer, cells: CellWrite[]): void {
  for (const one of cells) {
    const cell = rowOf(one.id)?.cells[colOf(one.key)];
    if (cell) mend(cell);
  }
  applyRows(answer.rows);
  for (const one of answer.steps) flash(one.id, one.key);
  for (const one of answer.errors) if (one.id) spoil(one.id, one.key, one.sentence, one.text ?? "");
  if (answer.steps.length) document.body.dispatchEvent(new CustomEvent("listChanged"));
}

// ---- taking back and doing again ----

async function replay(from: Done[], to: Done[], backwards: boolean): Promise<void> {
  const one = from[from.length - 1];
  if (!one) {
    announce(words("empty"));
    return;
  }
  const cells = one.steps.map((step) => ({
    id: step.id, key: step.key, value: backwards ? step.before : step.after, expect: backwards ? step.after : step.before,
  }));
  const got = await post(`${table()?.dataset.grid}cells`, () =>
    JSON.stringify({ columns: columns(), cells, [backwards ? "remove" : "restore"]: one.made }),
  );
  if (!got) return;
  if (got.status >= 400) {
    say(got.answer.error ?? words("offline"), "bad");
    return;
  }
  from.pop();
  to.push(one);
  for (const cell of cells) {
    const place = rowOf(cell.id)?.cells[colOf(cell.key)];
    if (place) mend(place);
  }
  applyRows(got.answer.rows);
  for (const step of got.answer.steps) flash(step.id, step.key);
  if (backwards) for (const id of one.made) rowOf(id)?.remove();
  else addRows(got.answer.added);
  forgetRows();
  document.body.dispatchEvent(new CustomEvent("listChanged"));
  // The offer to take back what is taken back already would take back the step before.
  for (const mark of document.querySelectorAll(".toast input[name=what][value=grid]")) mark.closest(".toast")?.remove();
  const wrong = got.answer.errors[0];
  if (wrong) say(wrong.sentence, "bad");
  else say(words(backwards ? "undone" : "redone"));
}

export const undo = () => inLine(() => replay(past, future, true));
export const redo = () => inLine(() => replay(future, past, false));
export const hasUndo = () => past.length + pending > 0;
export const hasRedo = () => future.length > 0;

// The Undo button of the grid's own toasts comes here and not to the server's undo.
document.addEventListener("submit", (event) => {
  const form = event.target as HTMLFormElement;
  if (form.querySelector<HTMLInputElement>("input[name=what]")?.value !== "grid") return;
  event.preventDefault();
  event.stopImmediatePropagation();
  form.closest(".toast")?.remove();
  void undo();
}, true);

