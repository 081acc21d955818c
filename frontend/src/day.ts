/* My day: D does a task, P or S postpones it, L logs what came of it; swipe right does, left postpones. The line leaves at
   once, the panels follow from the server, and the focus goes on to the next line. */
import htmx from "htmx.org";

import { closeDialogs, openDialog } from "./dialogs";
import { csrfToken, isTyping } from "./live";
import { toast } from "./toasts";

const SWIPED = 90;
const dialog = document.getElementById("postpone") as HTMLDialogElement | null;
let postponed: HTMLElement | null = null;

function place(): HTMLElement | null {
  return document.getElementById("day-main");
}

function rows(): HTMLElement[] {
  return [...(place()?.querySelectorAll<HTMLElement>("[data-row]") ?? [])].filter((one) => !one.hidden);
}

/** The line that keys mean: the one with the focus, else the first task. */
function current(): HTMLElement | null {
  const focused = document.activeElement?.closest<HTMLElement>("[data-task]");
  if (focused) return focused;
  return document.activeElement?.closest("[data-row]") ? null : (rows().find((one) => one.dataset.task) ?? null);
}

function focusAt(index: number): void {
  const left = rows();
  const row = left[Math.min(Math.max(index, 0), left.length - 1)];
  (row?.querySelector<HTMLElement>("a[href]") ?? document.getElementById("main"))?.focus();
}

/** Post, take the line away, tell, and ask for the panels again. Returns the sentence of a refusal. */
async function send(row: HTMLElement, verb: string, values: Record<string, string>): Promise<string> {
  const index = rows().indexOf(row);
  row.hidden = true;
  focusAt(index);
  let answer: Response | null = null;
  try {
    answer = await fetch(`/task/${row.dataset.task}/do/${verb}`, {
      method: "POST",
      headers: { "HX-Request": "true", "X-CSRFToken": csrfToken() },
      body: new URLSearchParams(values),
    });
  } catch {
    answer = null;
  }
  if (answer?.status === 204) {
    const events = JSON.parse(answer.headers.get("HX-Trigger") ?? "{}") as Record<string, unknown>;
    if (events.toast) toast(events.toast as { text: string });
    await refresh(index);
    return "";
  }
  row.hidden = false;
  focusAt(index);
  const page = answer ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
  return page?.querySelector(".err, .note.bad")?.textContent?.trim() || (dialog?.dataset.failed ?? "");
}

/** Ask for the panels again; the focus stays on the line at the same place. */
async function refresh(index: number): Promise<void> {
  const had = document.activeElement?.closest("[data-day]") !== null || document.activeElement === document.getElementById("main");
  await htmx.ajax("get", "/", { target: "#day-main", swap: "innerHTML" });
  if (had) focusAt(index);
}

async function finish(row: HTMLElement): Promise<void> {
  if (!("mayFinish" in row.dataset)) return;
  const wrong = await send(row, "done", {});
  if (wrong) toast({ text: wrong, kind: "bad" });
}

function ask(row: HTMLElement): void {
  if (!dialog || !("mayPostpone" in row.dataset)) return;
  postponed = row;
  dialog.querySelector("form")?.reset();
  setWrong("");
  closeDialogs();
  dialog.showModal();
  dialog.querySelector<HTMLElement>("[data-until]")?.focus();
}

function setWrong(text: string): void {
  const box = document.getElementById("postpone-wrong");
  if (box) box.textContent = text;
}

dialog?.querySelector("form")?.addEventListener("submit", (event) => {
  event.preventDefault();
  void postpone(dialog.querySelector<HTMLInputElement>("#postpone-words")?.value ?? "");
});
// No submit buttons: Enter in the field means the day that was typed, not tomorrow.
dialog?.querySelectorAll<HTMLElement>("[data-until]").forEach((one) => {
  one.addEventListener("click", () => void postpone(one.dataset.until ?? ""));
});

async function postpone(until: string): Promise<void> {
  const words = dialog?.querySelector<HTMLInputElement>("#postpone-words");
  const row = postponed;
  if (!row || !dialog) return;
  dialog.close();
  const wrong = await send(row, "postpone", { until, fields_shown: "until" });
  if (wrong) {
    ask(row);
    if (words) words.value = until;
    setWrong(wrong);
    words?.focus();
  }
}

document.addEventListener("submit", (event) => {
  const form = (event.target as Element).closest("form[data-done]");
  const row = form?.closest<HTMLElement>("[data-task]");
  if (!row) return;
  event.preventDefault();
  void finish(row);
});

document.addEventListener("click", (event) => {
  const link = (event.target as Element).closest<HTMLElement>("[data-day] a[data-postpone]");
  const row = link?.closest<HTMLElement>("[data-task]");
  if (!row || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  ask(row);
});

document.addEventListener("keydown", (event) => {
  if (!place() || isTyping(event.target) || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (document.body.dataset.keys === "off" || document.querySelector("dialog[open]")) return;
  const key = event.key.toLowerCase();
  const row = ["d", "p", "s", "l"].includes(key) ? current() : null;
  if (!row) return;
  event.preventDefault();
  if (key === "d") void finish(row);
  else if (key === "l") row.querySelector<HTMLElement>("a[data-log]") && openDialog(`/task/${row.dataset.task}/do/done`, row.querySelector<HTMLElement>("a"));
  else ask(row);
});

// What was logged in the dialog changed the day too.
document.body.addEventListener("recordChanged", () => {
  if (document.getElementById("day-main")) void refresh(rows().findIndex((one) => one.contains(document.activeElement)));
});

/* Swiping: only by touch, only along the line; the page still scrolls up and down. */
let swiped: { row: HTMLElement; x: number; y: number; by: number; is: boolean } | null = null;

function settle(row: HTMLElement): void {
  row.style.transform = "";
  row.classList.remove("swipe-done", "swipe-later");
}

document.addEventListener("pointerdown", (event) => {
  const row = (event.target as Element).closest<HTMLElement>("[data-day] [data-task]");
  if (event.pointerType !== "mouse" && row) swiped = { row, x: event.clientX, y: event.clientY, by: 0, is: false };
});
document.addEventListener("pointermove", (event) => {
  if (!swiped) return;
  const by = event.clientX - swiped.x;
  if (!swiped.is && Math.abs(by) > 12 && Math.abs(by) > 2 * Math.abs(event.clientY - swiped.y)) {
    swiped.is = true;
    swiped.row.setPointerCapture(event.pointerId);
  }
  if (!swiped.is) return;
  swiped.by = by;
  swiped.row.style.transform = `translateX(${Math.max(-120, Math.min(120, by))}px)`;
  const forward = document.documentElement.dir === "rtl" ? -by : by;
  swiped.row.classList.toggle("swipe-done", forward > SWIPED);
  swiped.row.classList.toggle("swipe-later", forward < -SWIPED);
});
document.addEventListener("pointercancel", () => {
  if (swiped) settle(swiped.row);
  swiped = null;
});
document.addEventListener("pointerup", () => {
  const was = swiped;
  swiped = null;
  if (!was) return;
  settle(was.row);
  if (!was.is) return;
  // The click that ends a swipe opens nothing.
  window.addEventListener("click", stop, { capture: true, once: true });
  window.setTimeout(() => window.removeEventListener("click", stop, { capture: true }), 50);
  const forward = document.documentElement.dir === "rtl" ? -was.by : was.by;
  if (forward > SWIPED) void finish(was.row);
  else if (forward < -SWIPED) ask(was.row);
});

function stop(event: Event): void {
  event.preventDefault();
  event.stopPropagation();
}
