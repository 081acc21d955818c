/* The calendar under the hand: entries dragged and stretched by mouse, touch and keys, a click on nothing makes a new one. */
import htmx from "htmx.org";

import { openDialog } from "./dialogs";
import { announce, csrfToken, isTyping } from "./live";

const STEP = 15;
const HOLD = 350;
const SLACK = 5;
const MINUTES = 24 * 60;

/** Where an entry would stand; `clock` is minutes since midnight, -1 for the whole day, null for "as before". */
interface Place { day: string; clock: number | null; minutes: number }
interface Held { entry: HTMLElement; from: Place; to: Place; stretches: boolean; grabbedAt: number }

const calendar = () => document.getElementById("cal");
const pad = (n: number) => String(n).padStart(2, "0");
const clockText = (minute: number) => `${pad(Math.floor(minute / 60))}:${pad(minute % 60)}`;
const clamp = (n: number, low: number, high: number) => Math.min(Math.max(n, low), high);

function placeOf(entry: HTMLElement): Place {
  const [day = "", time = ""] = (entry.dataset.start ?? "").split("T");
  const [hour = 0, minute = 0] = time.split(":").map(Number);
  return { day, clock: time ? hour * 60 + minute : -1, minutes: Number(entry.dataset.minutes) };
}

function dayAfter(day: string, by: number): string {
  const at = new Date(`${day}T12:00:00Z`);
  at.setUTCDate(at.getUTCDate() + by);
  return at.toISOString().slice(0, 10);
}

// ---- what an entry looks like at another place ----

function draw(held: Held): void {
  const { entry, to } = held;
  const column = document.querySelector<HTMLElement>(`#cal [data-column][data-day="${to.day}"]`);
  const cell = document.querySelector<HTMLElement>(`#cal [data-cell][data-day="${to.day}"]`);
  for (const one of document.querySelectorAll("#cal .is-over")) one.classList.remove("is-over");
  if (entry.classList.contains("ce") && column && to.clock !== null && to.clock >= 0) {
    if (entry.parentElement !== column && !held.stretches) column.append(entry);
    const length = Math.max(STEP, Math.min(to.minutes, MINUTES - to.clock));
    for (const [name, value] of Object.entries({ "--ch": Math.floor(to.clock / 60), "--cm": to.clock % 60, "--dh": Math.floor(length / 60), "--dm": length % 60, "--ln": 0, "--of": 1 })) {
      entry.style.setProperty(name, String(value));
    }
    const shown = entry.querySelector(".ce-w");
    if (shown) shown.textContent = timeWords(to, "stretchable" in entry.dataset);
  } else (cell ?? column)?.classList.add("is-over");
}

function timeWords(to: Place, withEnd: boolean): string {
  const words = (minute: number) => new Date(Date.UTC(2000, 0, 1, 0, minute)).toLocaleTimeString(document.documentElement.lang, { hour: "numeric", minute: "2-digit", timeZone: "UTC" });
  const clock = to.clock ?? 0;
  return withEnd ? `${words(clock)} – ${words(clock + to.minutes)}` : words(clock);
}

function dayWords(day: string): string {
  return new Date(`${day}T12:00:00Z`).toLocaleDateString(document.documentElement.lang, { weekday: "long", day: "numeric", month: "long", timeZone: "UTC" });
}

// ---- dropping ----

async function drop(held: Held): Promise<void> {
  const { entry, from, to } = held;
  if (from.day === to.day && from.clock === to.clock && from.minutes === to.minutes) return putBack();
  entry.classList.remove("is-held");
  entry.classList.add("is-busy");
  const here = calendar();
  const values: Record<string, string> = { dragged: "1", day: to.day, version: entry.dataset.version ?? "", view: here?.dataset.view ?? "", date: here?.dataset.date ?? "", who: here?.dataset.who ?? "" };
  if (to.clock === -1) values.whole_days = String(from.clock === -1 ? Math.max(1, Math.round(from.minutes / MINUTES)) : 1);
  else if (to.clock !== null) values.clock = clockText(to.clock);
  // Out of the row of whole days an entry gets its usual length again.
  if (to.clock !== -1 && "stretchable" in entry.dataset && (held.stretches || (from.clock === -1 && to.clock !== null))) {
    values.minutes = String(held.stretches ? to.minutes : 60);
  }
  await htmx.ajax("post", `/calendar/move/${entry.dataset.entry}`, { target: "#cal", swap: "outerHTML", values });
  // No answer: the page goes back to what is stored.
  if (entry.isConnected) refresh();
}

function putBack(): void {
  refresh();
}

let scroll = -1;

function refresh(): void {
  const here = calendar();
  if (here) void htmx.ajax("get", here.dataset.address ?? "", { target: "#cal", swap: "outerHTML" });
}

// ---- mouse and touch ----

let held: Held | null = null;
let pressed: { entry: HTMLElement; x: number; y: number; stretches: boolean; timer: number; touch: boolean; id: number } | null = null;
let justDragged = false;

document.addEventListener("pointerdown", (event) => {
  const target = event.target as HTMLElement;
  const entry = target.closest<HTMLElement>("#cal [data-movable]");
  if (!entry || event.button !== 0 || target.closest(".ce-m") || held) return;
  const touch = event.pointerType === "touch";
  pressed = { entry, x: event.clientX, y: event.clientY, stretches: Boolean(target.closest("[data-grip]")), timer: 0, touch, id: event.pointerId };
  if (touch) pressed.timer = window.setTimeout(() => pressed && lift(pressed.x, pressed.y), pressed.stretches ? 0 : HOLD);
});

function lift(x: number, y: number): void {
  if (!pressed) return;
  const { entry, stretches } = pressed;
  const from = placeOf(entry);
  const column = entry.closest<HTMLElement>("[data-column]");
  const grabbedAt = column && from.clock !== null ? minuteAt(column, y) - Math.max(from.clock, 0) : 0;
  held = { entry, from, to: { ...from }, stretches, grabbedAt };
  entry.classList.add("is-held");
  calendar()?.classList.add("is-dragging");
  drag(x, y);
}

function minuteAt(column: HTMLElement, y: number): number {
  const box = column.getBoundingClientRect();
  return ((y - box.top) / box.height) * MINUTES;
}

const snap = (minute: number) => Math.round(minute / STEP) * STEP;

function drag(x: number, y: number): void {
  if (!held) return;
  const over = document.elementsFromPoint(x, y).find((one): one is HTMLElement => one instanceof HTMLElement && one.dataset.day !== undefined);
  if (held.stretches) {
    const column = held.entry.closest<HTMLElement>("[data-column]");
    if (column) held.to.minutes = clamp(snap(minuteAt(column, y)) - (held.from.clock ?? 0), STEP, MINUTES - (held.from.clock ?? 0));
  } else if (over) {
    held.to.day = over.dataset.day ?? held.to.day;
    if ("column" in over.dataset) held.to.clock = clamp(snap(minuteAt(over, y) - (held.from.clock === -1 ? 0 : held.grabbedAt)), 0, MINUTES - STEP);
    else held.to.clock = calendar()?.dataset.view === "month" ? held.from.clock : -1;
  }
  draw(held);
  const box = document.querySelector<HTMLElement>("#cal .cg-scroll");
  if (box) {
    const { top, bottom } = box.getBoundingClientRect();
    if (y > bottom - 30) box.scrollTop += 12;
    else if (y < top + 30 && y > top) box.scrollTop -= 12;
  }
}

document.addEventListener("pointermove", (event) => {
  if (held && pressed) return drag(event.clientX, event.clientY);
  if (!pressed || event.pointerId !== pressed.id) return;
  if (Math.hypot(event.clientX - pressed.x, event.clientY - pressed.y) < SLACK) return;
  // A finger that moves at once scrolls the page; one that rests first lifts the entry.
  if (pressed.touch) letGo();
  else lift(event.clientX, event.clientY);
});

document.addEventListener("touchmove", (event) => held && pressed && event.preventDefault(), { passive: false });

function letGo(): void {
  if (pressed) window.clearTimeout(pressed.timer);
  pressed = null;
  calendar()?.classList.remove("is-dragging");
}

document.addEventListener("pointerup", () => {
  const done = pressed && held;
  letGo();
  if (!done || !held) return;
  const one = held;
  held = null;
  justDragged = true;
  window.setTimeout(() => (justDragged = false), 50);
  const { from, to } = one;
  // A month knows days only: the time of day stays.
  if (calendar()?.dataset.view === "month" && to.day !== from.day && from.clock !== -1) to.clock = null;
  void drop(one);
});

document.addEventListener("pointercancel", () => {
  const was = held;
  letGo();
  held = null;
  if (was) putBack();
});

// ---- a click on nothing makes a new entry ----

document.addEventListener("click", (event) => {
  const target = event.target as HTMLElement;
  if (justDragged) {
    if (target.closest("#cal [data-entry]")) event.preventDefault();
    return;
  }
  const place = calendar()?.dataset.new;
  if (!place || target.closest("a, button, summary, input, label, [data-entry]") || held) return;
  const day = target.closest<HTMLElement>("#cal [data-day]");
  if (!day || (day.dataset.cell !== undefined && calendar()?.dataset.view !== "month")) return;
  if (innerWidth < 768 && calendar()?.dataset.view === "month") return;
  const minute = "column" in day.dataset ? clamp(Math.floor(minuteAt(day, event.clientY) / 30) * 30, 0, MINUTES - 30) : 9 * 60;
  openDialog(`${place}${day.dataset.day}T${clockText(minute)}`);
}, true);

document.addEventListener("dragstart", (event) => (event.target as HTMLElement).closest?.("#cal [data-entry]") && event.preventDefault());

// ---- keys: Space lifts, arrows move, Shift and arrows stretch, Enter drops; M asks for the time ----

document.addEventListener("keydown", (event) => {
  const target = event.target as HTMLElement;
  const entry = target.closest?.<HTMLElement>("#cal [data-movable]");
  if (!entry || isTyping(target) || event.ctrlKey || event.metaKey || event.altKey) return;
  if (held && !pressed) return whileHeld(event);
  if (event.key === "m") entry.querySelector<HTMLElement>(".ce-m")?.click();
  else if (event.key === " ") {
    const from = placeOf(entry);
    held = { entry, from, to: { ...from }, stretches: false, grabbedAt: 0 };
    entry.classList.add("is-held");
    announce((calendar()?.dataset.grabbed ?? "%s").replace("%s", entry.querySelector(".ce-t, .trunc")?.textContent ?? ""));
  } else return;
  event.preventDefault();
  event.stopPropagation();
}, true);

function whileHeld(event: KeyboardEvent): void {
  if (!held) return;
  const { to, entry } = held;
  const timed = to.clock !== null && to.clock >= 0 && calendar()?.dataset.view !== "month";
  const across = document.dir === "rtl" ? -1 : 1;
  const days: Record<string, number> = { ArrowRight: across, ArrowLeft: -across, ...(timed ? {} : { ArrowDown: 7, ArrowUp: -7 }) };
  const steps: Record<string, number> = { ArrowDown: STEP, ArrowUp: -STEP };
  if (event.key === "Escape") {
    const id = entry.id;
    held = null;
    announce(calendar()?.dataset.left ?? "");
    const here = calendar();
    if (here) here.dataset.touched = id;
    focusAfter = id;
    putBack();
  } else if (event.key === "Enter" || event.key === " ") {
    const one = held;
    held = null;
    focusAfter = entry.id;
    if (calendar()?.dataset.view === "month" && one.from.clock !== -1) one.to.clock = one.to.day === one.from.day ? one.from.clock : null;
    void drop(one);
  } else if (event.shiftKey && timed && "stretchable" in entry.dataset && steps[event.key] !== undefined) {
    to.minutes = clamp(to.minutes + (steps[event.key] ?? 0), STEP, MINUTES - (to.clock ?? 0));
    held.stretches = true;
    draw(held);
    announce(timeWords(to, true));
  } else if (timed && steps[event.key] !== undefined) {
    to.clock = clamp((to.clock ?? 0) + (steps[event.key] ?? 0), 0, MINUTES - STEP);
    redraw(held);
  } else if (days[event.key] !== undefined) {
    to.day = dayAfter(to.day, days[event.key] ?? 0);
    redraw(held);
  } else if (event.key !== "Tab") return;
  event.preventDefault();
  event.stopPropagation();
}

function redraw(one: Held): void {
  const stretched = one.stretches;
  one.stretches = false;
  draw(one);
  one.stretches = stretched;
  // Moved to another column the element lost the focus on its way.
  one.entry.querySelector<HTMLElement>(".ce-a, .cc-a")?.focus({ preventScroll: true });
  one.entry.scrollIntoView({ block: "nearest" });
  const time = one.to.clock !== null && one.to.clock >= 0 ? `, ${timeWords(one.to, "stretchable" in one.entry.dataset)}` : "";
  announce(`${dayWords(one.to.day)}${time}`);
}

// ---- after a swap: the same hours in sight, the focus where it was, the line of the present ----

let focusAfter = "";

document.addEventListener("htmx:beforeSwap", (event) => {
  if (((event as CustomEvent).detail.target as HTMLElement).id !== "cal") return;
  scroll = document.querySelector(".cg-scroll")?.scrollTop ?? -1;
  // htmx carries attributes over to what has the same id; a style among them would be refused by the policy.
  for (const one of document.querySelectorAll("#cal [id][style]")) one.removeAttribute("style");
  const id = document.activeElement?.id ?? "";
  if (id.startsWith("cal-")) focusAfter = id;
});

document.addEventListener("htmx:afterSettle", () => {
  const here = calendar();
  if (!here || here.dataset.shown) return;
  begin();
  const touched = here.dataset.touched ?? focusAfter;
  focusAfter = "";
  const one = touched ? document.getElementById(touched) : null;
  (one?.matches("a, button") ? one : one?.querySelector<HTMLElement>("a"))?.focus({ preventScroll: true });
});

document.body.addEventListener("recordChanged", () => calendar() && refresh());

let line = 0;

function begin(): void {
  const here = calendar();
  if (!here) return;
  here.dataset.shown = "1";
  const box = here.querySelector<HTMLElement>(".cg-scroll");
  const now = here.querySelector<HTMLElement>("[data-now-line]");
  if (box) {
    const hour = box.scrollHeight / 24;
    box.scrollTop = scroll >= 0 ? scroll : Math.min(7 * hour, now ? now.offsetTop - 2 * hour : 7 * hour);
  }
  window.clearInterval(line);
  if (now) {
    const began = Date.now();
    const at = (now.offsetTop / (now.parentElement?.offsetHeight ?? 1)) * MINUTES;
    line = window.setInterval(() => {
      const minute = Math.round(at + (Date.now() - began) / 60_000);
      if (minute >= MINUTES) return refresh();
      now.style.setProperty("--ch", String(Math.floor(minute / 60)));
      now.style.setProperty("--cm", String(minute % 60));
    }, 60_000);
  }
}

// "My team" asks for the team and nothing else that is ticked.
document.addEventListener("click", (event) => {
  const button = (event.target as HTMLElement).closest<HTMLElement>("#cal [data-only]");
  for (const box of button?.closest("form")?.querySelectorAll<HTMLInputElement>("input[name=who]") ?? []) box.checked = false;
}, true);

begin();

// ---- a calendar file dropped onto the calendar goes to the page that shows what is in it ----

for (const kind of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(kind, (event) => {
    const drag = event as DragEvent;
    const here = (drag.target as HTMLElement).closest?.<HTMLElement>("#cal");
    if (!here || !drag.dataTransfer?.types.includes("Files")) return;
    drag.preventDefault();
    here.classList.toggle("is-drop", kind === "dragover");
    const file = kind === "drop" ? drag.dataTransfer.files[0] : undefined;
    if (file) send(file);
  });
}

function send(file: File): void {
  const form = document.createElement("form");
  form.method = "post";
  form.enctype = "multipart/form-data";
  form.action = "/calendar/import";
  form.hidden = true;
  const token = document.createElement("input");
  token.name = "csrfmiddlewaretoken";
  token.value = csrfToken();
  const box = document.createElement("input");
  box.type = "file";
  box.name = "file";
  const files = new DataTransfer();
  files.items.add(file);
  box.files = files.files;
  form.append(token, box);
  document.body.append(form);
  form.submit();
}
