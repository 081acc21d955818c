/* A large batch on its way: a toast with a bar, done of total, and Stop; it follows the person from page to page. */
import { csrfToken } from "./live";

interface State { id: string; total: number; done: number; over: boolean; text: string; problems: string[]; undo: string; kind: string }

const KEPT = "rapport-batch";
const place = document.getElementById("toasts");
let box: HTMLElement | null = null;
let began = 0;

const say = (text: string, kind: string, undo = "") => document.body.dispatchEvent(new CustomEvent("toast", { detail: { text, kind, undo } }));
const headers = () => ({ "X-CSRFToken": csrfToken(), "HX-Request": "true", Accept: "application/json" });

document.body.addEventListener("batchStarted", (event) => {
  const found = (event as CustomEvent<State>).detail;
  sessionStorage.setItem(KEPT, found.id);
  began = Date.now();
  show(found);
  void follow(found.id);
});

// Taking a batch back may be a job as well: its toast follows it in the same way.
document.addEventListener("submit", (event) => {
  const form = event.target as HTMLFormElement;
  if (!form.querySelector<HTMLInputElement>("input[name=what]")?.value.startsWith("batch:")) return;
  event.preventDefault();
  form.querySelector("button")?.setAttribute("disabled", "");
  void fetch(form.action, { method: "POST", body: new FormData(form), headers: headers() }).then(
    (reply) => {
      form.closest(".toast")?.remove();
      const told = JSON.parse(reply.headers.get("HX-Trigger") ?? "{}") as Record<string, unknown>;
      for (const [name, detail] of Object.entries(told)) document.body.dispatchEvent(new CustomEvent(name, { detail }));
    },
    () => say(place?.dataset.offline ?? "", "bad"),
  );
});

function show(state: State): void {
  if (!place) return;
  if (!box?.isConnected) {
    box = document.createElement("div");
    box.className = "toast batch-toast";
    box.setAttribute("role", "status");
    const words = document.createElement("span");
    words.className = "grow";
    const bar = document.createElement("progress");
    bar.setAttribute("aria-label", state.text);
    const stop = document.createElement("button");
    stop.type = "button";
    stop.className = "btn ghost sm";
    stop.textContent = place.dataset.stop ?? "Stop";
    stop.addEventListener("click", () => {
      stop.disabled = true;
      void fetch(`/batch/${state.id}/stop`, { method: "POST", headers: headers() });
    });
    box.append(words, bar, stop);
    place.append(box);
  }
  const bar = box.querySelector("progress");
  if (bar) {
    bar.max = state.total;
    bar.value = state.done;
  }
  const words = box.querySelector("span");
  if (words) words.textContent = state.text + rest(state);
}

/** How long it may still take, once there is something to judge by. */
function rest(state: State): string {
  const passed = Date.now() - began;
  if (!began || !state.done || passed < 2000) return "";
  const seconds = Math.ceil(((passed / state.done) * (state.total - state.done)) / 1000);
  return ` · ${(place?.dataset.rest ?? "{n} s").replace("{n}", String(seconds))}`;
}

async function follow(id: string): Promise<void> {
  for (;;) {
    const reply = await fetch(`/batch/${id}`, { headers: headers() }).catch(() => null);
    if (reply && !reply.ok) break;
    const state = reply ? ((await reply.json()) as State) : null;
    if (state?.over) {
      over(state);
      break;
    }
    if (state) show(state);
    await new Promise((later) => window.setTimeout(later, 700));
  }
  sessionStorage.removeItem(KEPT);
  box?.remove();
}

function over(state: State): void {
  say(state.text, state.kind, state.undo);
  for (const sentence of state.problems) say(sentence, "bad");
  document.body.dispatchEvent(new CustomEvent("listChanged"));
}

const kept = sessionStorage.getItem(KEPT);
if (kept) void follow(kept);
