/* Toasts: at most three, 6 seconds (10 with Undo), stopped by pointer and focus; errors stay until closed. */
import { csrfToken, icon } from "./live";

interface Message {
  text: string;
  kind?: string;
  undo?: string;
}

const place = document.getElementById("toasts");

/** Show a toast. */
export function toast({ text, kind = "ok", undo = "" }: Message): void {
  if (!place) return;
  const box = document.createElement("div");
  box.className = kind === "bad" ? "toast is-bad" : "toast";
  box.dataset.toast = kind;
  box.setAttribute("role", kind === "bad" ? "alert" : "status");
  const words = document.createElement("span");
  words.className = "grow";
  words.textContent = text;
  box.append(icon(kind === "bad" ? "circle-alert" : "circle-check", kind === "bad" ? "i bad-t" : "i ok-t"), words);
  if (undo) box.append(undoForm(undo));
  const close = document.createElement("button");
  close.type = "button";
  close.className = "btn ghost icon sm";
  close.dataset.closeToast = "";
  close.setAttribute("aria-label", place.dataset.close ?? "Close");
  close.append(icon("x"));
  box.append(close);
  place.append(box);
  live(box);
}

function undoForm(marks: string): HTMLFormElement {
  const form = document.createElement("form");
  form.method = "post";
  form.action = "/undo";
  for (const [name, value] of [["csrfmiddlewaretoken", csrfToken()], ["what", marks]]) {
    const input = document.createElement("input");
    input.type = "hidden";
    input.name = name;
    input.value = value;
    form.append(input);
  }
  const button = document.createElement("button");
  button.className = "btn ghost sm acc-t";
  button.textContent = place?.dataset.undo ?? "Undo";
  form.append(button);
  return form;
}

/** Give a toast its time to live. */
function live(box: HTMLElement): void {
  while (place && place.children.length > 3) place.firstElementChild?.remove();
  // Above an open dialog only what is in the top layer can be seen.
  if (place && "popover" in place && document.querySelector("dialog[open]")) {
    place.popover = "manual";
    place.hidePopover();
    place.showPopover();
  }
  if (box.dataset.toast === "bad") return;
  const length = box.querySelector("form") ? 10_000 : 6_000;
  let timer = window.setTimeout(() => box.remove(), length);
  const stop = () => window.clearTimeout(timer);
  const go = () => {
    stop();
    timer = window.setTimeout(() => box.remove(), length);
  };
  box.addEventListener("pointerenter", stop);
  box.addEventListener("focusin", stop);
  box.addEventListener("pointerleave", go);
  box.addEventListener("focusout", go);
}

place?.querySelectorAll<HTMLElement>("[data-toast]").forEach(live);
place?.addEventListener("click", (event) => {
  if ((event.target as Element).closest("[data-close-toast]")) (event.target as Element).closest(".toast")?.remove();
});
document.body.addEventListener("toast", (event) => toast((event as CustomEvent<Message>).detail));
document.body.addEventListener("refresh", () => window.location.reload());
document.body.addEventListener("htmx:sendError", () =>
  toast({ text: place?.dataset.offline ?? "Not saved. Your text is still here. Try again.", kind: "bad" }),
);
document.body.addEventListener("htmx:responseError", (event) => {
  const request = (event as CustomEvent).detail.xhr as XMLHttpRequest;
  if (!request.getResponseHeader("HX-Trigger")) {
    toast({ text: place?.dataset.broken ?? "Not saved. Your text is still here. Try again.", kind: "bad" });
  }
});
