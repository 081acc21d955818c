/* One dialog for short tasks: links with data-dialog open in it, parts loaded into it show it, closing gives focus back. */
import htmx from "htmx.org";

const dialog = document.getElementById("dialog") as HTMLDialogElement | null;
const body = document.getElementById("dialog-body");
let opener: HTMLElement | null = null;

/** Open the page at an address in the dialog. */
export function openDialog(address: string, from?: HTMLElement | null): void {
  opener = from ?? (document.activeElement as HTMLElement | null);
  void htmx.ajax("get", address, { target: "#dialog-body", swap: "innerHTML" });
}

/** Close whatever dialog is open. */
export function closeDialogs(): void {
  document.querySelectorAll<HTMLDialogElement>("dialog[open]").forEach((one) => one.close());
}

document.addEventListener("click", (event) => {
  const target = event.target as Element;
  const link = target.closest<HTMLAnchorElement>("a[data-dialog]");
  if (link && dialog && !event.ctrlKey && !event.metaKey && !event.shiftKey && event.button === 0) {
    event.preventDefault();
    closeDialogs();
    openDialog(link.getAttribute("href") ?? "", link);
    return;
  }
  const close = target.closest("[data-close-dialog]");
  if (close) {
    const open = close.closest<HTMLDialogElement>("dialog");
    if (open) {
      event.preventDefault();
      open.close();
    } else if (close.tagName === "BUTTON") window.history.back();
  }
});

document.querySelectorAll<HTMLDialogElement>("dialog").forEach((one) => {
  // A press on the backdrop hits the dialog itself; a press that began inside (marking text) does not count.
  let began: EventTarget | null = null;
  one.addEventListener("pointerdown", (event) => (began = event.target));
  one.addEventListener("click", (event) => {
    if (event.target === one && began === one) one.close();
  });
});

dialog?.addEventListener("close", () => {
  body?.replaceChildren();
  opener?.focus();
  opener = null;
});

document.body.addEventListener("htmx:afterSwap", (event) => {
  const target = (event as CustomEvent).detail.target as Element | null;
  if (!dialog || !body || !target) return;
  const inside = target === body || body.contains(target) || dialog.contains(target);
  if (!inside || !body.textContent?.trim()) return;
  if (!dialog.open) {
    opener ??= document.activeElement as HTMLElement | null;
    dialog.showModal();
    body.querySelector<HTMLElement>("[autofocus], input:not([type=hidden]), select, textarea")?.focus();
  } else if (!dialog.contains(document.activeElement) || document.activeElement === dialog) {
    const wrong = body.querySelector<HTMLElement>("[aria-invalid=true]");
    (wrong ?? body.querySelector<HTMLElement>("[autofocus], input:not([type=hidden]), select, textarea"))?.focus();
  }
});
document.body.addEventListener("closeDialog", closeDialogs);
