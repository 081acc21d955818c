/* The page of a ticket: the newest entry in view, the queue by arrow keys, saved replies, what follows a reply. */
import { showTab } from "./composer";

const page = () => document.querySelector<HTMLElement>("[data-ticket]");

/** The newest entry is what one came for. */
function toTheEnd(): void {
  const talk = document.getElementById("t-talk");
  if (talk && talk.scrollHeight > talk.clientHeight) talk.scrollTop = talk.scrollHeight;
}

// ---- the queue: arrows move, Enter opens (a link) ----

document.addEventListener("keydown", (event) => {
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  const row = (event.target as HTMLElement).closest?.<HTMLElement>("[data-queue] [data-row]");
  const next = event.key === "ArrowDown" ? row?.nextElementSibling : row?.previousElementSibling;
  if (!row) return;
  event.preventDefault();
  next?.querySelector<HTMLElement>("a")?.focus();
});

// ---- the clock comes anew every few seconds, but not from under whoever reads why ----

document.addEventListener("htmx:oobBeforeSwap", (event) => {
  const detail = (event as CustomEvent).detail as { target: HTMLElement; shouldSwap: boolean };
  if (detail.target.id === "t-clock" && (detail.target.querySelector("details[open]") || detail.target.contains(document.activeElement))) detail.shouldSwap = false;
});

// ---- saved replies ----

function putIn(choice: HTMLElement): void {
  const form = choice.closest<HTMLFormElement>("form[data-pane]");
  const box = form?.querySelector<HTMLTextAreaElement>(".cp-main textarea");
  const saved = form?.querySelector<HTMLInputElement>("input[name=reply-saved]");
  if (!form || !box || !saved) return;
  const before = box.value.trimEnd();
  box.value = before ? `${before}\n\n${choice.dataset.text ?? ""}` : (choice.dataset.text ?? "");
  saved.value = choice.dataset.saved ?? "";
  setMain(form, choice.dataset.then ?? "wait");
  choice.closest("details")?.removeAttribute("open");
  box.dispatchEvent(new Event("input", { bubbles: true }));
  box.focus();
}

/** What the main button does: the saved reply says what comes after it. */
function setMain(form: HTMLFormElement, then: string): void {
  const main = form.querySelector<HTMLButtonElement>("[data-main]");
  const words = form.querySelector<HTMLElement>(`button[data-then="${CSS.escape(then)}"]:not([data-saved])`)?.textContent?.trim();
  const label = main?.querySelector<HTMLElement>("[data-main-label]");
  if (!main || !label || !words) return;
  main.value = then;
  label.textContent = words;
}

/** An article that fits goes to the end of the reply, which is opened for it. */
function insert(text: string): void {
  const form = document.querySelector<HTMLFormElement>("form[data-pane=reply]");
  const composer = form?.closest<HTMLElement>("[data-composer]");
  const box = form?.querySelector<HTMLTextAreaElement>(".cp-main textarea");
  if (!composer || !box) return;
  const before = box.value.trimEnd();
  box.value = before ? `${before}\n\n${text}` : text;
  showTab(composer, "reply");
  box.dispatchEvent(new Event("input", { bubbles: true }));
}

document.addEventListener("click", (event) => {
  const article = (event.target as HTMLElement).closest<HTMLElement>("[data-ticket] [data-insert]");
  if (article) insert(article.dataset.insert ?? "");
  const choice = (event.target as HTMLElement).closest<HTMLElement>("[data-saved]");
  if (choice) putIn(choice);
});

// What was sent is at the end, and the next reply begins as the first one did.
document.addEventListener("htmx:afterRequest", (event) => {
  const { elt, xhr } = (event as CustomEvent).detail as { elt: HTMLElement; xhr: XMLHttpRequest };
  if (!(elt instanceof HTMLFormElement) || !elt.matches(".t-cp") || xhr.status !== 204) return;
  const saved = elt.querySelector<HTMLInputElement>("input[name=reply-saved]");
  if (saved) saved.value = "";
  if (elt.dataset.pane === "reply") setMain(elt, "wait");
  new MutationObserver((_all, watcher) => {
    watcher.disconnect();
    toTheEnd();
  }).observe(document.querySelector(".tm") ?? document.body, { childList: true });
});

if (page()) toTheEnd();

// ---- a chat: what the visitor writes is there at once, by the bell; the page's own timer goes on beside it ----

let bell: EventSource | null = null;

function listen(): void {
  const place = document.querySelector<HTMLElement>("#t-visitor [data-talk-id]");
  if (!place || bell || !window.EventSource) return;
  bell = new EventSource(`/talks/${place.dataset.talkId ?? ""}/stream?seq=${place.dataset.talkSeq ?? ""}`);
  bell.addEventListener("news", () => {
    document.getElementById("t-others")?.dispatchEvent(new CustomEvent("rung"));
    followTheEnd();
  });
}

/** What comes in is in view, unless one reads further up. */
function followTheEnd(): void {
  const talk = document.getElementById("t-talk");
  if (!talk || talk.scrollHeight - talk.scrollTop - talk.clientHeight > 120) return;
  new MutationObserver((_all, watcher) => {
    watcher.disconnect();
    toTheEnd();
  }).observe(document.querySelector(".tm") ?? document.body, { childList: true });
}

if (page()) listen();
