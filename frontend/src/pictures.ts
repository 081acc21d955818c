/* Pictures dropped or pasted into a formatted text are uploaded, and named where the cursor stands. */
import { csrfToken } from "./live";

const boxOf = (event: Event) => (event.target as HTMLElement | null)?.closest?.<HTMLTextAreaElement>("textarea[data-pictures]") ?? null;
const picturesIn = (data: DataTransfer | null) => [...(data?.files ?? [])].filter((one) => one.type.startsWith("image/"));

document.addEventListener("paste", (event) => take(event, boxOf(event), picturesIn(event.clipboardData)), true);
document.addEventListener("drop", (event) => take(event, boxOf(event), picturesIn(event.dataTransfer)), true);
document.addEventListener("dragover", (event) => boxOf(event) && event.dataTransfer?.types.includes("Files") && event.preventDefault());

function take(event: Event, box: HTMLTextAreaElement | null, files: File[]): void {
  if (!box || !files.length) return;
  event.preventDefault();
  event.stopPropagation();
  void putIn(box, files);
}

async function putIn(box: HTMLTextAreaElement, files: File[]): Promise<void> {
  for (const file of files) {
    const body = new FormData();
    body.append("file", file);
    const answer = await fetch("/file/", { method: "POST", body, headers: { "X-CSRFToken": csrfToken() } }).catch(() => null);
    const facts = answer?.status === 201 ? ((await answer.json()) as { key: string; name: string }) : null;
    if (!facts) {
      document.body.dispatchEvent(new CustomEvent("toast", { detail: { text: file.name, kind: "bad", undo: "" } }));
      continue;
    }
    const words = facts.name.replace(/\.[a-z0-9]+$/i, "").replace(/[[\]\\]/g, " ");
    box.setRangeText(`![${words}](picture:${facts.key})`, box.selectionStart, box.selectionEnd, "end");
    box.dispatchEvent(new Event("input", { bubbles: true }));
  }
}
