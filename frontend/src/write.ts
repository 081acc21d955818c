/* Writing an e-mail: people suggested behind the last comma, signatures that follow the mailbox, templates with a preview,
   files dropped anywhere on the form. Without this script the form works as it stands. */

import { choose, optionLine, type Choice } from "./options";

interface Person extends Choice {
  put: string;
}

const form = document.querySelector<HTMLFormElement>("form[data-write]");
let list: HTMLElement | null = null;
let owner: HTMLInputElement | null = null;
let found: Person[] = [];
let active = -1;
let asked = 0;
let waiting = 0;

/** Where the piece begins that is being typed: behind the last comma that no quotes hold. */
function pieceAt(text: string): number {
  let start = 0;
  let quoted = false;
  [...text].forEach((letter, at) => {
    if (letter === '"') quoted = !quoted;
    else if ((letter === "," || letter === ";") && !quoted) start = at + 1;
  });
  return start;
}

async function ask(input: HTMLInputElement): Promise<void> {
  const turn = ++asked;
  const piece = input.value.slice(pieceAt(input.value)).trim();
  if (piece.length < 2) return close();
  const answer = await fetch(`/write/people?q=${encodeURIComponent(piece)}`, { headers: { Accept: "application/json", "HX-Request": "true" } }).catch(() => null);
  if (turn !== asked || !answer?.ok || document.activeElement !== input) return;
  const data = (await answer.json()) as { results: Person[] };
  show(input, data.results, piece);
}

function show(input: HTMLInputElement, some: Person[], piece: string): void {
  close();
  if (!some.length) return;
  owner = input;
  found = some;
  list = document.createElement("div");
  list.className = "combo-list";
  list.id = `${input.id}-list`;
  list.setAttribute("role", "listbox");
  list.popover = "manual";
  some.forEach((one, at) => list?.append(optionLine(one, `${list.id}-${at}`, piece, () => pick(at))));
  document.body.append(list);
  list.showPopover();
  const place = (input.closest(".input") ?? input).getBoundingClientRect();
  list.style.left = `${place.left}px`;
  list.style.width = `${Math.max(place.width, 220)}px`;
  list.style.top = `${place.bottom + 4}px`;
  input.setAttribute("aria-expanded", "true");
  input.setAttribute("aria-controls", list.id);
  activate(0);
}

function activate(at: number): void {
  active = at;
  choose(list, owner, at);
}

function pick(at: number): void {
  const one = found[at];
  if (!one || !owner) return;
  const start = pieceAt(owner.value);
  owner.value = `${owner.value.slice(0, start)}${start ? " " : ""}${one.put}, `;
  const input = owner;
  close();
  input.dispatchEvent(new Event("change", { bubbles: true }));
}

function close(): void {
  list?.remove();
  list = null;
  owner?.setAttribute("aria-expanded", "false");
  owner?.removeAttribute("aria-activedescendant");
  owner?.removeAttribute("aria-controls");
  owner = null;
  found = [];
}

for (const input of form?.querySelectorAll<HTMLInputElement>("[data-people]") ?? []) {
  input.addEventListener("input", () => {
    asked += 1;
    window.clearTimeout(waiting);
    waiting = window.setTimeout(() => void ask(input), 120);
  });
  input.addEventListener("blur", () => window.setTimeout(() => owner === input && close(), 100));
  input.addEventListener("keydown", (event) => {
    if (!list) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") activate((active + (event.key === "ArrowDown" ? 1 : -1) + found.length) % found.length);
    else if ((event.key === "Enter" || event.key === "Tab") && active >= 0) pick(active);
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
}

// ---- the signature of the mailbox ----

const text = form?.querySelector<HTMLTextAreaElement>("[name=text]");
const mailbox = form?.querySelector<HTMLSelectElement>("[name=mailbox]");
const signatureOf = () => (mailbox?.selectedOptions[0]?.dataset.signature ?? "").replaceAll("\r\n", "\n");
let signature = signatureOf();

mailbox?.addEventListener("change", () => {
  const next = signatureOf();
  const block = (some: string) => (some ? `\n\n-- \n${some}` : "");
  if (!text) return;
  if (signature && text.value.includes(block(signature))) text.value = text.value.replace(block(signature), () => block(next));
  else if (next && !signature) text.value += block(next);
  signature = next;
});

// ---- templates ----

const picker = form?.querySelector<HTMLSelectElement>("[data-template]");
const preview = form?.querySelector<HTMLElement>("[data-template-preview]");
const to = form?.querySelector<HTMLInputElement>("[name=to]");
let ready = { subject: "", text: "" };

async function look(): Promise<void> {
  if (!picker || !preview) return;
  // It stays where it is while another text is fetched: what moves away under a pointer cannot be pressed.
  if (!picker.value) {
    preview.hidden = true;
    return;
  }
  const answer = await fetch(`/write/template?template=${encodeURIComponent(picker.value)}&to=${encodeURIComponent(to?.value ?? "")}`, {
    headers: { Accept: "application/json", "HX-Request": "true" },
  }).catch(() => null);
  if (!answer?.ok) return;
  ready = (await answer.json()) as typeof ready;
  const subjectLine = preview.querySelector("[data-preview-subject]");
  const textLine = preview.querySelector("[data-preview-text]");
  if (subjectLine) subjectLine.textContent = ready.subject;
  if (textLine) textLine.textContent = ready.text;
  preview.hidden = false;
}

picker?.addEventListener("change", () => void look());
to?.addEventListener("change", () => void look());
form?.querySelector("[data-put]")?.addEventListener("click", () => {
  const subject = form.querySelector<HTMLInputElement>("[name=subject]");
  if (subject && ready.subject && !subject.value) subject.value = ready.subject;
  if (text) text.value = ready.text + (text.value.trim() ? `\n${text.value.startsWith("\n") ? "" : "\n"}${text.value}` : "");
  if (preview) preview.hidden = true;
  if (picker) picker.value = "";
  text?.dispatchEvent(new Event("input", { bubbles: true }));
  text?.focus();
});

// ---- files dropped or pasted ----

function take(files: FileList | undefined): boolean {
  const input = form?.querySelector<HTMLInputElement>("[data-drop-files]");
  if (!input || !files?.length) return false;
  const all = new DataTransfer();
  for (const one of [...(input.files ?? []), ...files]) all.items.add(one);
  input.files = all.files;
  input.dispatchEvent(new Event("change", { bubbles: true }));
  return true;
}

for (const kind of ["dragover", "dragleave", "drop"]) {
  form?.addEventListener(kind, (event) => {
    const drag = event as DragEvent;
    if (!drag.dataTransfer?.types.includes("Files") || (drag.target as Element).closest("input[type=file]")) return;
    drag.preventDefault();
    form.classList.toggle("is-drop", kind === "dragover");
    if (kind === "drop") take(drag.dataTransfer.files);
  });
}
form?.addEventListener("paste", (event) => {
  if (take(event.clipboardData?.files)) event.preventDefault();
});
// Ctrl+Enter sends at once, wherever the cursor stands.
form?.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  form.requestSubmit(form.querySelector<HTMLButtonElement>("footer [name=when]"));
});
