/* Ranges to and from a spreadsheet: copy as text and table, paste with a look first above 20 cells, fill down, empty. */
import { announce, csrfToken, isTyping } from "./live";
import { isEditing } from "./grid_edit";
import { canEdit, goTo, heads, keyAt, lastCol, range, rows, say, sizeOf, state, table, words, type Range } from "./grid_table";
import { writeCells, type CellWrite } from "./grid_write";

const LOOK_FIRST = 20;
const FIRST = 1;

// ---- out ----

const keysOf = (one: Range) => Array.from({ length: one.right - Math.max(one.left, FIRST) + 1 }, (_x, at) => keyAt(Math.max(one.left, FIRST) + at));

async function textsOf(one: Range): Promise<string[][]> {
  const body = JSON.stringify({ ids: rows().slice(one.top, one.bottom + 1).map((row) => row.dataset.id), keys: keysOf(one) });
  const reply = await fetch(`${table()?.dataset.grid}texts`, { method: "POST", body, headers: { "X-CSRFToken": csrfToken(), "HX-Request": "true" } });
  if (!reply.ok) throw new Error(String(reply.status));
  return ((await reply.json()) as { texts: string[][] }).texts;
}

const quoted = (text: string) => (/[\t\n\r"]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
const asLines = (texts: string[][]) => texts.map((row) => row.map(quoted).join("\t")).join("\n");

function asTable(texts: string[][]): string {
  const made = document.createElement("table");
  for (const row of texts) {
    const line = made.insertRow();
    for (const text of row) line.insertCell().textContent = text;
  }
  return made.outerHTML;
}

/** Copy the range; `cut` empties it afterwards. */
export function copy(cut: boolean): void {
  const now = range();
  if (!now) return;
  const texts = textsOf(now);
  const blob = (make: (found: string[][]) => string, type: string) => texts.then((found) => new Blob([make(found)], { type }));
  const written = navigator.clipboard?.write
    ? navigator.clipboard.write([new ClipboardItem({ "text/plain": blob(asLines, "text/plain"), "text/html": blob(asTable, "text/html") })])
    : texts.then((found) => oldCopy(asLines(found)));
  written.then(
    () => {
      announce(words("copied").replace("{n}", String(sizeOf(now))));
      if (cut) clear();
    },
    () => say(words("offline"), "bad"),
  );
}

/** Pages without TLS have no clipboard of their own: the old way through a field. */
function oldCopy(text: string): void {
  const field = document.createElement("textarea");
  field.className = "sr";
  field.value = text;
  document.body.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
  state.at?.focus({ preventScroll: true });
}

// ---- in ----

/** The cells of a pasted text: tabs and lines, quoted where a cell holds such signs itself. */
export function parse(text: string): string[][] {
  const found: string[][] = [[]];
  const source = text.replace(/\r\n?/g, "\n").replace(/\n$/, "");
  let cell = "";
  let inside = false;
  for (let at = 0; at < source.length; at++) {
    const sign = source[at];
    if (inside) {
      if (sign !== '"') cell += sign;
      else if (source[at + 1] === '"') cell += source[++at];
      else inside = false;
    } else if (sign === '"' && cell === "") inside = true;
    else if (sign === "\t" || sign === "\n") {
      found[found.length - 1].push(cell);
      cell = "";
      if (sign === "\n") found.push([]);
    } else cell += sign;
  }
  found[found.length - 1].push(cell);
  return found;
}

export function paste(event: ClipboardEvent): void {
  const target = event.target as HTMLElement;
  const isNewRow = target.matches?.(".newrow input");
  if (isEditing() || (!isNewRow && (isTyping(target) || !document.activeElement?.closest("#grid tbody")))) return;
  const text = event.clipboardData?.getData("text/plain") ?? "";
  // One word into "type a name" is typing, not a block.
  if (isNewRow && !/[\t\n]/.test(text.trim())) return;
  event.preventDefault();
  if (!text) {
    say(words("nothing"), "info");
    return;
  }
  const plan = planOf(parse(text), isNewRow);
  if (plan.cells.length + plan.added.length * 2 > LOOK_FIRST) look(plan);
  else void run(plan);
}

interface Plan { cells: CellWrite[]; added: Record<string, string>[]; texts: string[][] }

function planOf(block: string[][], isNewRow: boolean): Plan {
  const now = range();
  const all = rows();
  const plan: Plan = { cells: [], added: [], texts: block };
  const left = isNewRow || !now ? FIRST : Math.max(now.left, FIRST);
  const top = isNewRow || !now ? all.length : now.top;
  // One value fills the range; a block is repeated as often as it fits into the range, as spreadsheets do.
  const [high, wide] = [block.length, Math.max(...block.map((row) => row.length))];
  const isFill = !isNewRow && now && sizeOf(now) > 1;
  const downs = isFill && (now.bottom - now.top + 1) % high === 0 ? now.bottom - now.top + 1 : high;
  const rights = isFill && (now.right - left + 1) % wide === 0 ? now.right - left + 1 : wide;
  const mayAdd = "create" in (table()?.dataset ?? {}) && !table()?.querySelector("tr.more");
  for (let down = 0; down < downs; down++) {
    const row = all[top + down];
    const made: Record<string, string> = {};
    for (let right = 0; right < rights && left + right <= lastCol(); right++) {
      const text = block[down % high]?.[right % wide];
      if (text === undefined) continue;
      const key = keyAt(left + right);
      if (row) plan.cells.push({ id: row.dataset.id ?? "", key, text });
      else if (text.trim()) made[key] = text;
    }
    if (!row && (mayAdd || isNewRow) && Object.keys(made).length) plan.added.push(made);
  }
  return plan;
}

async function run(plan: Plan): Promise<void> {
  if (plan.cells.length || plan.added.length) await writeCells(plan.cells, plan.added);
}

/** Above twenty cells the block is shown before it is written. */
function look(plan: Plan): void {
  const body = document.getElementById("dialog-body");
  const dialog = document.getElementById("dialog") as HTMLDialogElement | null;
  if (!body || !dialog) return;
  const part = (tag: string, className = "", text = "") => {
    const made = document.createElement(tag);
    made.className = className;
    made.textContent = text;
    return made;
  };
  const count = plan.cells.length + plan.added.reduce((sum, row) => sum + Object.keys(row).length, 0);
  const head = part("div", "modal-h");
  const title = part("h2", "", words("preview").replace("{n}", String(count)));
  title.id = "dialog-title";
  head.append(title);
  const inside = part("div", "modal-b col row-12");
  const sheet = document.createElement("table");
  sheet.className = "paste-look";
  const first = heads()[Math.max(range()?.left ?? FIRST, FIRST)]?.cellIndex ?? FIRST;
  const names = sheet.createTHead().insertRow();
  plan.texts[0].forEach((_text, at) => names.append(part("th", "", heads()[first + at]?.dataset.label ?? "–")));
  const lines = sheet.createTBody();
  for (const row of plan.texts.slice(0, 8)) {
    const line = lines.insertRow();
    for (const text of row) line.insertCell().textContent = text;
  }
  const wrap = part("div", "paste-scroll");
  wrap.tabIndex = 0;
  wrap.setAttribute("role", "region");
  wrap.setAttribute("aria-label", words("from"));
  wrap.append(sheet);
  inside.append(wrap);
  if (plan.texts.length > 8) inside.append(part("p", "s12 t3", words("more").replace("{n}", String(plan.texts.length - 8))));
  if (plan.added.length) inside.append(part("p", "s13", words("previewNew").replace("{n}", String(plan.added.length))));
  const foot = part("div", "modal-f");
  const stop = part("button", "btn ghost", words("cancel")) as HTMLButtonElement;
  const go = part("button", "btn pri", words("paste")) as HTMLButtonElement;
  foot.append(part("span", "end"), stop, go);
  body.replaceChildren(head, inside, foot);
  const back = state.at;
  stop.addEventListener("click", () => dialog.close());
  go.addEventListener("click", () => {
    dialog.close();
    void run(plan);
  });
  dialog.addEventListener("close", () => window.setTimeout(() => goTo(back)), { once: true });
  dialog.showModal();
  go.focus();
}

// ---- within ----

/** Every cell of the range that can be changed, with its text. */
function fill(textAt: (row: HTMLTableRowElement, col: number) => string | undefined): void {
  const now = range();
  if (!now) return;
  const cells: CellWrite[] = [];
  for (const row of rows().slice(now.top, now.bottom + 1)) {
    for (let col = Math.max(now.left, FIRST); col <= now.right; col++) {
      const text = textAt(row, col);
      if (text !== undefined && canEdit(col)) cells.push({ id: row.dataset.id ?? "", key: keyAt(col), text });
    }
  }
  if (cells.length) void writeCells(cells);
  else say(words("readonly"), "info");
}

export function clear(): void {
  fill((_row, col) => (col > FIRST || range()?.left === FIRST ? "" : undefined));
}

/** The first row of the range into the others; with one cell, the cell above into it. */
export function fillDown(): void {
  const now = range();
  if (!now || (now.top === now.bottom && now.top === 0)) return;
  const from = now.top === now.bottom ? now.top - 1 : now.top;
  const source = rows()[from];
  void textsOf({ ...now, top: from, bottom: from }).then(
    ([texts]) => fill((row, col) => (row === source ? undefined : texts?.[col - Math.max(now.left, FIRST)])),
    () => say(words("offline"), "bad"),
  );
}
