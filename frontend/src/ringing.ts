/* Calls: asked for every few seconds while the page is in sight, in browsers that were asked to show them. A card stays where it
   is while nothing changes, so that focus and pointer keep their place. */
import htmx from "htmx.org";

const EVERY = 4_000;
const place = document.getElementById("ringing");

async function ask(): Promise<void> {
  if (!place || document.visibilityState !== "visible") return;
  try {
    const answer = await fetch("/calls/ringing", { headers: { "HX-Request": "true" }, cache: "no-store" });
    if (answer.redirected || (answer.status !== 200 && answer.status !== 204)) return;
    const text = answer.status === 204 ? "" : await answer.text();
    if (text === place.dataset.shown) return;
    place.dataset.shown = text;
    place.innerHTML = text;
    htmx.process(place);
  } catch {
    // Without a network the next time asks again.
  }
}

place?.addEventListener("submit", (event) => {
  const form = event.target as HTMLFormElement;
  event.preventDefault();
  void fetch(form.action, { method: "POST", body: new FormData(form), headers: { "HX-Request": "true" } }).then(() => ask());
  form.closest("[data-call]")?.remove();
});

if (place) {
  window.setInterval(() => void ask(), EVERY);
  document.addEventListener("visibilitychange", () => void ask());
  void ask();
}
