/* The board: cards move by mouse, touch, menu and keys; the page believes the move at once and takes it back when refused. */
import htmx from "htmx.org";
import Sortable from "sortablejs";

interface Moved { version: number; text: string; undo: string; outcome: string; title: string }
interface Kept { error: string; ask: string; is_input: boolean }

const board = () => document.getElementById("board");
const words = () => document.getElementById("board-words")?.dataset ?? {};
const laneOf = (part?: Element | null) => part?.closest<HTMLElement>("[data-lane]");
/** The columns a card may go to: those of its lane, or of the whole board. */
const columns = (part?: Element | null) => [...((laneOf(part) ?? board())?.querySelectorAll<HTMLElement>("[data-column]") ?? [])];
const titleOf = (column: HTMLElement) => column.getAttribute("aria-label") ?? "";
const say = (text: string, kind = "ok", undo = "") => document.body.dispatchEvent(new CustomEvent("toast", { detail: { text, kind, undo } }));

function headers(): Record<string, string> {
  const given = JSON.parse(document.body.getAttribute("hx-headers") ?? "{}") as Record<string, string>;
  return { ...given, "HX-Request": "true" };
}

// ---- moving ----

async function move(card: HTMLElement, to: HTMLElement, from: HTMLElement, before: Element | null): Promise<void> {
  count(from, -1);
  count(to, 1);
  card.classList.add("is-busy");
  const body = new URLSearchParams({ record: card.dataset.card ?? "", column: to.dataset.column ?? "", version: card.dataset.version ?? "" });
  let refused: Kept = { error: words().offline ?? "", ask: "", is_input: false };
  try {
    const answer = await fetch(board()?.dataset.move ?? "", { method: "POST", body, headers: headers() });
    if (answer.ok) {
      done(card, (await answer.json()) as Moved, to);
      return;
    }
    if (answer.headers.get("Content-Type")?.includes("json")) refused = (await answer.json()) as Kept;
    else refused.error = toastOf(answer) || refused.error;
  } catch {
    // The sentence about the connection stands.
  }
  card.classList.remove("is-busy");
  putBack(card, from, before);
  count(from, 1);
  count(to, -1);
  if (refused.ask && refused.is_input) ask(refused.ask);
  else say(refused.error, "bad");
}

function toastOf(answer: Response): string {
  try {
    return (JSON.parse(answer.headers.get("HX-Trigger") ?? "{}") as { toast?: { text: string } }).toast?.text ?? "";
  } catch {
    return "";
  }
}

function done(card: HTMLElement, moved: Moved, to: HTMLElement): void {
  card.classList.remove("is-busy", "warn", "bad");
  card.querySelector(".dc-q")?.remove();
  card.dataset.version = String(moved.version);
  card.classList.add("is-moved");
  window.setTimeout(() => card.classList.remove("is-moved"), 1000);
  const won = moved.outcome === "won";
  say(won ? (words().won ?? "%s").replace("%s", moved.title) : moved.text, "ok", moved.undo);
  if (to.matches(".ended")) card.remove();
  const lane = laneOf(to);
  if (lane) refreshLane(lane, card.id);
  else refreshHeads();
}

function putBack(card: HTMLElement, from: HTMLElement, before: Element | null): void {
  const list = from.querySelector("[data-cards]");
  if (list) list.insertBefore(card, before && before.parentElement === list ? before : (list.querySelector(".bc-more") ?? null));
  card.focus({ preventScroll: true });
}

function count(column: HTMLElement, by: number): void {
  const shown = column.querySelector<HTMLElement>("[data-count]");
  if (shown) shown.textContent = String(Number((shown.textContent ?? "0").replace(/\D/g, "")) + by);
}

/** Opens the questions of the move (why was it lost?) in the page's dialog. */
function ask(url: string): void {
  const link = document.createElement("a");
  link.href = url;
  link.dataset.dialog = "";
  link.hidden = true;
  document.body.append(link);
  link.click();
  link.remove();
}

function shift(card: HTMLElement, to: HTMLElement | undefined): void {
  const from = card.closest<HTMLElement>("[data-column]");
  const list = to?.querySelector<HTMLElement>("[data-cards]");
  if (!from || !to || !list || from === to || !("movable" in (board()?.dataset ?? {}))) return;
  const before = card.nextElementSibling;
  list.prepend(card);
  card.focus({ preventScroll: true });
  card.scrollIntoView({ block: "nearest", inline: "nearest" });
  void move(card, to, from, before);
}

// ---- what follows a move ----

let waiting = 0;

/** A lane is small: it is brought anew as a whole, and the card keeps the focus. */
function refreshLane(lane: HTMLElement, focused: string): void {
  const had = document.activeElement?.id === focused;
  void htmx.ajax("get", lane.dataset.laneUrl ?? "", { target: lane, swap: "outerHTML" }).then(() => {
    if (had) document.getElementById(focused)?.focus({ preventScroll: true });
  });
}

function refreshHeads(): void {
  window.clearTimeout(waiting);
  waiting = window.setTimeout(() => void fresh(false), 500);
}

async function fresh(whole: boolean): Promise<void> {
  const here = board();
  if (!here) return;
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => undefined);
  if (!answer?.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const now = page.getElementById("board");
  if (!now) return;
  if (whole) {
    here.replaceChildren(...[...now.children].map((one) => document.importNode(one, true)));
    htmx.process(here);
    start();
  } else {
    for (const column of columns()) {
      const head = now.querySelector(`[data-column="${column.dataset.column}"] .bc-h`);
      if (head) column.querySelector(".bc-h")?.replaceWith(document.importNode(head, true));
    }
  }
  for (const id of ["board-sums"]) {
    const part = page.getElementById(id);
    if (part) document.getElementById(id)?.replaceWith(document.importNode(part, true));
  }
}

document.body.addEventListener("recordChanged", () => void fresh(true));

// ---- mouse and touch ----

function start(within: HTMLElement | null = board()): void {
  if (!("movable" in (board()?.dataset ?? {}))) return;
  let before: Element | null = null;
  for (const list of within?.querySelectorAll<HTMLElement>("[data-cards]") ?? []) {
    Sortable.create(list, {
      // A card changes its column; whose it is changes on its record.
      group: `cards ${laneOf(list)?.dataset.lane ?? ""}`, draggable: ".dc", animation: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 160,
      delay: 200, delayOnTouchOnly: true, touchStartThreshold: 6, ghostClass: "is-ghost", fallbackClass: "is-drag",
      forceFallback: true, fallbackOnBody: true, fallbackTolerance: 4, scroll: true, scrollSensitivity: 60, bubbleScroll: true,
      filter: "[data-card-menu]", preventOnFilter: false,
      onStart: (event) => { before = event.item.nextElementSibling; },
      onMove: (event) => {
        for (const column of columns(event.to)) column.classList.toggle("is-over", column === event.to.closest("[data-column]") && event.to !== event.from);
        return true;
      },
      onEnd: (event) => {
        for (const column of columns()) column.classList.remove("is-over");
        const [from, to] = [event.from.closest<HTMLElement>("[data-column]"), event.to.closest<HTMLElement>("[data-column]")];
        if (from && to && from !== to) void move(event.item, to, from, before);
      },
    });
  }
}

document.body.addEventListener("htmx:load", (event) => {
  const part = (event as CustomEvent).detail.elt as HTMLElement;
  if (part.matches?.("[data-lane]")) start(part);
});

// ---- keys and menu ----

document.addEventListener("keydown", (event) => {
  const card = (event.target as HTMLElement).closest?.<HTMLElement>("[data-card]");
  if (!card || event.target !== card || event.ctrlKey || event.metaKey || event.altKey) return;
  const all = columns(card);
  const at = all.indexOf(card.closest<HTMLElement>("[data-column]") as HTMLElement);
  const keys: Record<string, () => void> = {
    "]": () => shift(card, all[at + 1]),
    "[": () => shift(card, all[at - 1]),
    m: () => openMenu(card),
    Enter: () => card.querySelector<HTMLElement>(".ti")?.click(),
    ArrowDown: () => near(card, "nextElementSibling"),
    ArrowUp: () => near(card, "previousElementSibling"),
    ArrowRight: () => beside(all, at, 1),
    ArrowLeft: () => beside(all, at, -1),
  };
  const act = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (act) {
    event.preventDefault();
    act();
  }
});

function near(card: HTMLElement, way: "nextElementSibling" | "previousElementSibling"): void {
  const next = card[way];
  if (next instanceof HTMLElement && next.dataset.card) next.focus();
}

function beside(all: HTMLElement[], at: number, step: number): void {
  for (let i = at + step; i >= 0 && i < all.length; i += step) {
    const card = all[i]?.querySelector<HTMLElement>("[data-card]");
    if (card) return card.focus();
  }
}

let menu: HTMLElement | undefined;

function openMenu(card: HTMLElement): void {
  closeMenu();
  const here = card.closest<HTMLElement>("[data-column]");
  menu = document.createElement("div");
  menu.className = "menu card-menu";
  menu.setAttribute("role", "menu");
  menu.setAttribute("aria-label", words().choose ?? "");
  const head = document.createElement("p");
  head.className = "mh";
  head.textContent = words().choose ?? "";
  menu.append(head);
  for (const column of columns(card)) {
    const item = document.createElement("button");
    item.type = "button";
    item.className = "mi";
    item.setAttribute("role", "menuitem");
    item.disabled = column === here;
    const name = document.createElement("span");
    name.className = "grow";
    name.textContent = titleOf(column);
    item.append(name);
    const step = columns(card).indexOf(column) - columns(card).indexOf(here as HTMLElement);
    if (Math.abs(step) === 1) {
      const key = document.createElement("kbd");
      key.textContent = step === 1 ? "]" : "[";
      item.append(key);
    }
    item.addEventListener("click", () => { closeMenu(); shift(card, column); });
    menu.append(item);
  }
  document.body.append(menu);
  const box = card.getBoundingClientRect();
  menu.style.left = `${Math.max(8, Math.min(box.left + 12, innerWidth - menu.offsetWidth - 8))}px`;
  menu.style.top = `${Math.max(8, Math.min(box.top + 36, innerHeight - menu.offsetHeight - 8))}px`;
  menu.dataset.card = card.id;
  menu.querySelector<HTMLElement>("button:not(:disabled)")?.focus();
}

function closeMenu(back = false): void {
  const id = menu?.dataset.card;
  menu?.remove();
  menu = undefined;
  if (back && id) document.getElementById(id)?.focus();
}

document.addEventListener("keydown", (event) => {
  if (!menu) return;
  const items = [...menu.querySelectorAll<HTMLButtonElement>("button:not(:disabled)")];
  const at = items.indexOf(document.activeElement as HTMLButtonElement);
  if (event.key === "Escape" || event.key === "Tab") {
    event.preventDefault();
    event.stopPropagation();
    closeMenu(true);
  } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    items[(at + (event.key === "ArrowDown" ? 1 : -1) + items.length) % items.length]?.focus();
  }
}, true);

document.addEventListener("click", (event) => {
  const target = event.target as HTMLElement;
  const opener = target.closest<HTMLElement>("[data-card-menu]");
  if (opener) {
    const card = opener.closest<HTMLElement>("[data-card]");
    if (card) openMenu(card);
    return;
  }
  if (menu && !menu.contains(target)) closeMenu();
});

// ---- phones: tabs follow the column in sight ----

document.addEventListener("click", (event) => {
  const tab = (event.target as HTMLElement).closest<HTMLElement>("[data-stage-tab]");
  const column = tab && document.getElementById(`col-${tab.dataset.stageTab}`);
  if (!column) return;
  event.preventDefault();
  column.scrollIntoView({ inline: "start", block: "nearest", behavior: "instant" });
  mark(tab.dataset.stageTab ?? "");
});

function mark(id: string): void {
  for (const tab of document.querySelectorAll<HTMLElement>("[data-stage-tab]")) {
    if (tab.dataset.stageTab === id) {
      tab.setAttribute("aria-current", "true");
      tab.scrollIntoView({ inline: "nearest", block: "nearest" });
    } else tab.removeAttribute("aria-current");
  }
}

board()?.addEventListener("scroll", () => {
  const here = board();
  if (!here || innerWidth > 767) return;
  const seen = columns().find((column) => Math.abs(column.getBoundingClientRect().left - here.getBoundingClientRect().left) < innerWidth / 2);
  if (seen) mark(seen.dataset.column ?? "");
}, { passive: true });

start();
