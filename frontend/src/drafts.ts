/* Unsaved text is never lost: what is typed into a form with data-draft stays in this browser until the server has taken
   it, through a reload, the end of a session, or a lost connection. One person's drafts are not the next one's. */

const who = document.body.dataset.who ?? "";
const PREFIX = "rapport-draft:";
const SENT = "rapport-sent";
const OLDEST = 30 * 24 * 3600 * 1000;
/* `version` is kept: text that was begun on an older version must meet what others saved since, not overwrite it. */
const NOT_KEPT = ["csrfmiddlewaretoken", "fields_shown", "fields_off", "once", "tab", "seen"];

interface Draft {
  at: number;
  fields: [string, string][];
}

const begins = new WeakMap<HTMLFormElement, string>();
const keyOf = (form: HTMLElement) => `${PREFIX}${who}:${form.dataset.draft}`;
const formOf = (target: EventTarget | null) => (target as Element | null)?.closest?.<HTMLFormElement>("form[data-draft]") ?? null;

function fieldsOf(form: HTMLFormElement): [string, string][] {
  return [...new FormData(form)].filter((one): one is [string, string] => typeof one[1] === "string" && !NOT_KEPT.includes(one[0]) && !isSecret(form, one[0]));
}

const isSecret = (form: HTMLFormElement, name: string) => !!form.querySelector(`[type=password][name="${CSS.escape(name)}"]`);
const typed = (form: HTMLFormElement) => JSON.stringify(fieldsOf(form).filter(([name]) => name !== "version" && name !== "touched"));

function read(key: string): Draft | null {
  try {
    const kept = JSON.parse(localStorage.getItem(key) ?? "null") as Draft | null;
    return kept && Array.isArray(kept.fields) ? kept : null;
  } catch {
    return null;
  }
}

/** Keep the form as it is now, or forget it when it is as it was at the beginning. */
function keep(form: HTMLFormElement): void {
  const isChanged = typed(form) !== begins.get(form);
  try {
    if (isChanged) localStorage.setItem(keyOf(form), JSON.stringify({ at: Date.now(), fields: fieldsOf(form) }));
    else localStorage.removeItem(keyOf(form));
  } catch {
    // The browser's store is full or closed: the text is still in the form.
  }
  note(form, isChanged);
}

function note(form: HTMLFormElement, isShown: boolean): void {
  form.querySelector<HTMLElement>("[data-draft-note]")?.toggleAttribute("hidden", !isShown);
}

/** Forget the draft of a form: it was saved, or the person said so. */
export function forget(form: HTMLFormElement): void {
  localStorage.removeItem(keyOf(form));
  begins.set(form, typed(form));
  note(form, false);
}

function watch(form: HTMLFormElement): void {
  if (begins.has(form)) return;
  begins.set(form, typed(form));
  const kept = read(keyOf(form));
  if (!kept || "hadErrors" in form.dataset) return;
  restore(form, kept);
  if (typed(form) === begins.get(form)) return;
  note(form, true);
  offerToDrop(form);
  form.dispatchEvent(new CustomEvent("draft:restored", { bubbles: true }));
}

function restore(form: HTMLFormElement, kept: Draft): void {
  const at = new Map<string, number>();
  for (const input of form.querySelectorAll<HTMLInputElement>("input[type=checkbox], input[type=radio]")) {
    input.checked = kept.fields.some(([name, value]) => name === input.name && value === input.value);
  }
  for (const [name, value] of kept.fields) {
    const all = controls(form, name);
    const nth = at.get(name) ?? 0;
    at.set(name, nth + 1);
    const input = all[nth] ?? another(all.at(-1));
    if (input) input.value = value;
  }
}

const controls = (form: HTMLFormElement, name: string) =>
  [...form.querySelectorAll<HTMLInputElement>(`[name="${CSS.escape(name)}"]`)].filter((one) => !["checkbox", "radio", "file", "password"].includes(one.type));

/** One more line of a list of values, for a draft that had more than the form begins with. */
function another(last: HTMLInputElement | undefined): HTMLInputElement | undefined {
  const line = last?.closest("[data-repeat] > *");
  if (!line) return undefined;
  const copy = line.cloneNode(true) as HTMLElement;
  line.after(copy);
  const input = copy.querySelector<HTMLInputElement>("input");
  input?.removeAttribute("id");
  return input ?? undefined;
}

/** "Your unsaved text is back", and a way to drop it. */
function offerToDrop(form: HTMLFormElement): void {
  const words = document.getElementById("toasts")?.dataset;
  if (!words?.draftBack || form.querySelector("[data-draft-back]")) return;
  const line = document.createElement("p");
  line.className = "draft-back";
  line.dataset.draftBack = "";
  line.setAttribute("role", "status");
  const text = document.createElement("span");
  text.textContent = words.draftBack;
  const drop = document.createElement("button");
  drop.type = "button";
  drop.className = "btn ghost sm";
  drop.textContent = words.draftDrop ?? "";
  drop.addEventListener("click", () => {
    localStorage.removeItem(keyOf(form));
    window.location.reload();
  });
  line.append(text, drop);
  form.prepend(line);
}

document.addEventListener("input", (event) => {
  const form = formOf(event.target);
  if (form) keep(form);
});
document.addEventListener("change", (event) => {
  const form = formOf(event.target);
  if (form) keep(form);
});

// ---- when a draft may go ----

document.addEventListener("submit", (event) => {
  const form = event.target as HTMLFormElement;
  if (form.matches("form[action='/sign-out/']")) dropAll();
  if (form.dataset.draft !== undefined) sessionStorage.setItem(SENT, keyOf(form));
}, true);

document.addEventListener("click", (event) => {
  const leave = (event.target as Element).closest("[data-drop-draft], .dialog-form [data-close-dialog]");
  const form = leave && formOf(leave);
  if (form) forget(form);
}, true);

// A part that was taken: nothing to show (204), or other things than the form with its errors.
document.body.addEventListener("htmx:afterRequest", (event) => {
  const { elt, xhr, requestConfig } = (event as CustomEvent).detail as { elt: HTMLElement; xhr: XMLHttpRequest; requestConfig?: { verb: string } };
  if (!(elt instanceof HTMLFormElement) || elt.dataset.draft === undefined || requestConfig?.verb !== "post") return;
  sessionStorage.removeItem(SENT);
  const toSignIn = xhr.getResponseHeader("HX-Redirect")?.startsWith("/sign-in/");
  if (xhr.status >= 200 && xhr.status < 300 && !toSignIn) forget(elt);
});

/** A whole page that was sent: only an answer of this app that is not the same form with errors has taken it. */
function forgetSent(): void {
  const sent = sessionStorage.getItem(SENT);
  sessionStorage.removeItem(SENT);
  if (!sent?.startsWith(`${PREFIX}${who}:`) || !who || document.body.dataset.refused !== undefined) return;
  const back = [...document.querySelectorAll<HTMLElement>("form[data-draft][data-had-errors]")].some((form) => keyOf(form) === sent);
  const told = document.querySelector("#toasts [data-toast]:not([data-toast=bad])");
  if (!back && told) localStorage.removeItem(sent);
}

/** Whoever signs out on purpose leaves nothing behind on this computer. */
function dropAll(): void {
  for (const key of Object.keys(localStorage)) if (key.startsWith(`${PREFIX}${who}:`)) localStorage.removeItem(key);
}

function dropOld(): void {
  for (const key of Object.keys(localStorage)) {
    if (key.startsWith(PREFIX) && (read(key)?.at ?? 0) < Date.now() - OLDEST) localStorage.removeItem(key);
  }
}

/** Watch the forms of a part that came in. */
export function watchForms(root: ParentNode): void {
  if (who) for (const form of root.querySelectorAll<HTMLFormElement>("form[data-draft]")) watch(form);
}

document.addEventListener("htmx:load", (event) => watchForms((event.target as HTMLElement).parentElement ?? document));
forgetSent();
dropOld();
// After the other islands have dressed their forms.
queueMicrotask(() => watchForms(document));
