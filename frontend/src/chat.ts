/* The chat in its frame: lines come by the bell (server-sent events) or, where that does not get through, by a timer; both end in
   the same question. Lines are text, never HTML. The secret of the conversation stays in this frame's own storage. */

export {}; // a module of its own

interface Line { id: string; who: string; text: string; at: string }
interface State { secret?: string; seq: number; lines: Line[]; is_over: boolean; stream: string; has_email: boolean; is_message?: boolean }
interface Wrong { errors?: Record<string, string>; sentence?: string }

const page = document.body.dataset as Record<string, string>;
const find = <T extends HTMLElement>(mark: string): T => document.querySelector<T>(`[data-${mark}]`) as T;
const talk = find("talk");
const form = find<HTMLFormElement>("form");
const text = form.elements.namedItem("text") as HTMLTextAreaElement;
const where = `rapport-chat-${page.key}`;
const about = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
const who = new URLSearchParams(location.search).get("who") ?? "";
/** Asked so often without the bell, and with it, as a sign that one is still here. */
const WITHOUT = 3_000;
const WITH = 20_000;

let bell: EventSource | null = null;
let isOver = false;
let isBusy = false;
let timer = 0;
const shown = new Set<string>();
let secret = kept();

/** Kept by the frame itself. A browser that keeps nothing for frames of others: by our script on the site, until the tab is
    closed; only sites that the company named can show this page, so nobody else is asked. */
function kept(value?: string): string {
  try {
    if (value === "") localStorage.removeItem(where);
    else if (value) localStorage.setItem(where, value);
    return value ?? localStorage.getItem(where) ?? "";
  } catch {
    parent.postMessage(value === undefined ? { rapportChat: "recall" } : { rapportChat: "keep", secret: value }, "*");
    return value ?? "";
  }
}

async function send(what: string, values: Record<string, string>): Promise<Response> {
  return fetch(page.chat + what, { method: "POST", body: new URLSearchParams(values), cache: "no-store", credentials: "omit" });
}

function note(words: string): void {
  const place = find("note");
  if (place.textContent !== words) place.textContent = words;
}

function add(words: string, className: string): HTMLElement {
  const line = document.createElement("p");
  line.className = className;
  line.textContent = words;
  talk.append(line);
  return line;
}

function show(state: State): void {
  const isFirst = shown.size === 0;
  let hasNews = false;
  for (const line of state.lines) {
    if (shown.has(line.id)) continue;
    shown.add(line.id);
    const at = new Date(line.at).toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });
    add(`${line.who || page.you} · ${at}`, line.who ? "ch-by" : "ch-by is-mine");
    add(line.text, line.who ? "ch-line is-ours" : "ch-line");
    hasNews ||= !!line.who;
    talk.scrollTop = talk.scrollHeight;
  }
  if (hasNews && !isFirst) parent.postMessage({ rapportChat: "news" }, "*");
  document.querySelectorAll<HTMLElement>("[data-first]").forEach((one) => (one.hidden = true));
  isOver = state.is_over;
  form.hidden = isOver;
  find("end").hidden = isOver;
  find("again").hidden = !isOver;
  note(isOver ? page.over : state.is_message ? page.message : state.has_email ? page.mailed : "");
  if (isOver) stop();
  else listen(state);
}

// ---- hearing of what is new ----

function listen(state: State): void {
  if (bell || isOver || !window.EventSource) return again();
  const opened = new EventSource(`${page.chat}stream/${state.stream}?seq=${state.seq}`);
  bell = opened;
  opened.addEventListener("news", () => void ask());
  opened.addEventListener("open", () => again());
  // Closed for good (no room, a proxy in between): the timer asks. Else the browser itself tries again.
  opened.addEventListener("error", () => {
    if (opened.readyState === EventSource.CLOSED) again();
  });
  again();
}

function stop(): void {
  bell?.close();
  bell = null;
  window.clearTimeout(timer);
}

function again(): void {
  window.clearTimeout(timer);
  if (secret && !isOver) timer = window.setTimeout(() => void ask(), bell?.readyState === EventSource.OPEN ? WITH : WITHOUT);
}

async function ask(): Promise<void> {
  if (!secret) return;
  try {
    const answer = await send("lines", { secret });
    if (answer.status === 404) return forget();
    if (answer.ok) show((await answer.json()) as State);
  } catch {
    note(page.lost);
  }
  again();
}

/** The conversation is not there any more: the next line begins another. */
function forget(): void {
  stop();
  secret = kept("");
  shown.clear();
  isOver = false;
  talk.querySelectorAll(":scope > :not([data-greeting])").forEach((one) => one.remove());
  document.querySelectorAll<HTMLElement>("[data-first]").forEach((one) => (one.hidden = false));
  form.hidden = false;
  find("end").hidden = true;
  find("again").hidden = true;
  note("");
}

// ---- writing ----

function complain(wrong: Wrong): void {
  let first: HTMLElement | null = null;
  form.querySelectorAll<HTMLElement>("[data-error]").forEach((place) => {
    const words = wrong.errors?.[place.dataset.error ?? ""] ?? "";
    const field = form.elements.namedItem(place.dataset.error ?? "") as HTMLElement | null;
    place.textContent = words;
    field?.setAttribute("aria-invalid", String(!!words));
    if (words) first ??= field;
  });
  note(wrong.sentence ?? "");
  (first as HTMLElement | null)?.focus();
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  void write();
});

async function write(): Promise<void> {
  if (isBusy) return;
  const words = text.value;
  const values: Record<string, string> = secret ? { secret, text: words } : {};
  if (!secret) new FormData(form).forEach((value, key) => (values[key] = String(value)));
  // The same mark when it is pressed again after an answer that got lost: one line, not two.
  values.mark = text.dataset.mark ||= crypto.randomUUID?.() ?? String(Math.random()).slice(2);
  isBusy = true;
  note(page.sending);
  try {
    const answer = await send(secret ? "say" : "begin", secret ? values : { ...about, ...values, who });
    const told = (await answer.json()) as State & Wrong;
    if (answer.ok) {
      if (told.secret) secret = kept(told.secret);
      if (text.value === words) text.value = "";
      delete text.dataset.mark;
      complain({});
      show(told);
    } else if (answer.status === 410) show(told);
    else if (answer.status === 404) forget();
    else complain(told);
  } catch {
    note(page.unsent);
  }
  isBusy = false;
}

text.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  void write();
});

find("close").addEventListener("click", () => parent.postMessage({ rapportChat: "close" }, "*"));
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") parent.postMessage({ rapportChat: "close" }, "*");
});
find("end").addEventListener("click", () => void send("end", { secret }).then(() => ask()));
find("new").addEventListener("click", () => {
  forget();
  text.focus();
});
window.addEventListener("message", (event) => {
  const said = event.data as { rapportChat?: string; secret?: unknown } | null;
  if (event.source !== parent || !said) return;
  if (said.rapportChat === "opened") text.focus();
  if (said.rapportChat === "recalled" && typeof said.secret === "string" && !secret) {
    secret = said.secret;
    void ask();
  }
});

if (secret) void ask();
