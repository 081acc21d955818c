/* Conditional fields of a form: shown and needed while somebody fills it in. The server says which, of what is typed; a
   field that is hidden keeps what stands in it, and is left out of what is saved. */

interface State { hidden: string[]; needed: string[] }

const keyOf = (part: EventTarget | null) => (part as Element | null)?.closest?.<HTMLElement>("[data-field]")?.dataset.field ?? "";
const conditional = (form: HTMLElement) => [...form.querySelectorAll<HTMLElement>("[data-field][data-conditional]")];

/** Hide or show the fields; the focus goes on to the next field when its own is hidden. */
function apply(form: HTMLFormElement, box: HTMLElement, state: State): void {
  const shown: string[] = [];
  for (const field of conditional(form)) {
    const key = field.dataset.field ?? "";
    const hide = state.hidden.includes(key);
    if (field.hidden && !hide) shown.push(field.querySelector("label")?.firstChild?.textContent?.trim() ?? "");
    if (hide && field.contains(document.activeElement)) after(form, field)?.focus();
    field.hidden = hide;
    field.removeAttribute("data-off");
    if (!hide) field.closest("details")?.setAttribute("open", "");
    const needed = state.needed.includes(key);
    field.querySelector<HTMLElement>(".opt")?.toggleAttribute("hidden", needed);
    const control = field.querySelector<HTMLElement>("[id^='f-']");
    if (needed) control?.setAttribute("aria-required", "true");
    else control?.removeAttribute("aria-required");
  }
  const off = form.querySelector<HTMLInputElement>("input[name=fields_off]");
  if (off) off.value = state.hidden.join(",");
  if (shown.length) box.textContent = (box.dataset.more ?? "").replace("{names}", shown.join(", "));
}

function after(form: HTMLElement, field: HTMLElement): HTMLElement | null {
  const all = [...form.querySelectorAll<HTMLElement>("[data-field]")];
  for (const one of all.slice(all.indexOf(field) + 1)) {
    const control = one.hidden ? null : one.querySelector<HTMLElement>("input:not([type=hidden]), select, textarea");
    if (control) return control;
  }
  return form.querySelector<HTMLElement>("button[type=submit]");
}

function begin(box: HTMLElement): void {
  const form = box.closest("form");
  if (!form || "watched" in box.dataset) return;
  box.dataset.watched = "";
  const on = (box.dataset.on ?? "").split(",");
  const off = [...form.querySelectorAll<HTMLElement>("[data-field][data-off]")].map((field) => field.dataset.field ?? "");
  const needed = conditional(form).filter((field) => field.querySelector(".opt[hidden]")).map((field) => field.dataset.field ?? "");
  apply(form, box, { hidden: off, needed });
  let [timer, turn] = [0, 0];

  async function ask(): Promise<void> {
    const mine = ++turn;
    const body = new URLSearchParams();
    for (const [name, value] of new FormData(form!)) if (typeof value === "string") body.append(name, value);
    const headers = JSON.parse(document.body.getAttribute("hx-headers") ?? "{}") as Record<string, string>;
    const answer = await fetch(box.dataset.conditions ?? "", { method: "POST", body, headers: { ...headers, Accept: "application/json" } }).catch(() => null);
    // A slower answer to an earlier question counts no more; without an answer the form stays as it is.
    if (mine === turn && answer?.ok && box.isConnected) apply(form!, box, (await answer.json()) as State);
  }

  const soon = (wait: number) => { window.clearTimeout(timer); timer = window.setTimeout(() => void ask(), wait); };
  form.addEventListener("input", (event) => { if (on.includes(keyOf(event.target))) soon(300); });
  form.addEventListener("change", (event) => { if (on.includes(keyOf(event.target))) soon(0); });
  form.addEventListener("draft:restored", () => soon(0));
}

const beginAll = (within: ParentNode) => within.querySelectorAll<HTMLElement>("[data-conditions]").forEach(begin);
beginAll(document);
document.addEventListener("htmx:load", (event) => beginAll(event.target as HTMLElement));

export {};
