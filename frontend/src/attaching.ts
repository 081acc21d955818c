/* Files dropped or pasted anywhere on a record page: one goes onto the note being written, else each becomes a note of its own. */
import { takeFiles } from "./composer";
import { csrfToken } from "./live";

const page = () => document.querySelector<HTMLElement>("[data-record]");
const composer = () => page()?.querySelector<HTMLElement>("[data-composer]");
const say = (text: string, kind = "ok", undo = "") => document.body.dispatchEvent(new CustomEvent("toast", { detail: { text, kind, undo } }));

for (const kind of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(kind, (event) => {
    const drag = event as DragEvent;
    const here = (drag.target as HTMLElement).closest?.<HTMLElement>("[data-record]");
    if (!here || !composer() || !drag.dataTransfer?.types.includes("Files") || (drag.target as HTMLElement).closest("input[type=file]")) return;
    drag.preventDefault();
    here.classList.toggle("is-drop", kind === "dragover");
    if (kind === "drop") void take([...drag.dataTransfer.files]);
  });
}

document.addEventListener("paste", (event) => {
  const files = [...(event.clipboardData?.files ?? [])];
  if (!files.length || !composer() || document.querySelector("dialog[open]")) return;
  event.preventDefault();
  void take(files);
});

async function take(files: File[]): Promise<void> {
  const here = composer();
  if (!here || !files.length) return;
  if (takeFiles(here, files)) return;
  const list = here.querySelector<HTMLElement>("[data-sending]");
  const undo: string[] = [];
  let last = "";
  // One after the other: each is a write of its own, and the page stays usable meanwhile.
  for (const file of files) {
    const mark = await send(here, file, list);
    if (mark) undo.push(mark);
    if (mark) last = file.name;
  }
  if (list) list.hidden = !list.children.length;
  if (!undo.length) return;
  const words = undo.length === 1 ? (here.dataset.attached ?? "").replace("%s", last) : (here.dataset.attachedAll ?? "").replace("%s", String(undo.length));
  say(words, "ok", undo.join(" "));
  document.body.dispatchEvent(new CustomEvent("recordChanged"));
}

/** Send one file as a note; gives its undo mark, or "" after saying why not. */
function send(here: HTMLElement, file: File, list: HTMLElement | null): Promise<string> {
  const form = [...here.querySelectorAll<HTMLFormElement>("form[data-pane]")].find((one) => one.querySelector("input[type=file]"));
  const input = form?.querySelector<HTMLInputElement>("input[type=file]");
  if (!form || !input) return Promise.resolve("");
  const line = document.createElement("li");
  const bar = document.createElement("progress");
  bar.className = "thin";
  bar.max = 100;
  bar.value = 0;
  bar.setAttribute("aria-label", file.name);
  const name = document.createElement("span");
  name.className = "trunc";
  name.textContent = file.name;
  line.append(name, bar);
  if (list) {
    list.hidden = false;
    list.append(line);
  }
  const body = new FormData();
  body.append("csrfmiddlewaretoken", csrfToken());
  body.append("tab", form.dataset.pane ?? "");
  body.append(input.name, file);
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    const end = (mark: string, wrong = "") => {
      line.remove();
      if (wrong) say(wrong, "bad");
      resolve(mark);
    };
    const lost = (here.dataset.notSent ?? "").replace("%s", file.name);
    request.open("POST", form.action);
    request.setRequestHeader("HX-Request", "true");
    request.upload.addEventListener("progress", (event) => event.lengthComputable && (bar.value = (event.loaded / event.total) * 100));
    request.addEventListener("load", () => {
      const told = toastOf(request);
      if (request.status === 204) end(told?.undo ?? "");
      else end("", told?.text || new DOMParser().parseFromString(request.responseText, "text/html").querySelector(".cp-err")?.textContent?.trim() || lost);
    });
    request.addEventListener("error", () => end("", lost));
    request.send(body);
  });
}

function toastOf(request: XMLHttpRequest): { text: string; undo?: string } | undefined {
  try {
    return (JSON.parse(request.getResponseHeader("HX-Trigger") ?? "{}") as { toast?: { text: string; undo?: string } }).toast;
  } catch {
    return undefined;
  }
}
