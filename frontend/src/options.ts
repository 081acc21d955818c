/* The lines of a list that opens while somebody types: comboboxes and the names after "@". */

/** A record as /lookup describes it. */
export interface Choice {
  id: string;
  text: string;
  hint: string;
  hue: string;
  initials: string;
  shape: string;
}

/** One line; the part of its text that was typed is in bold. */
export function optionLine(one: Choice, id: string, typed: string, pick: () => void): HTMLElement {
  const line = document.createElement("div");
  line.id = id;
  line.setAttribute("role", "option");
  const mark = document.createElement("span");
  mark.className = `av ${one.shape === "person" ? "" : "org "}av-20 ${one.hue}`;
  mark.setAttribute("aria-hidden", "true");
  mark.textContent = one.initials;
  const words = document.createElement("span");
  words.className = "grow trunc";
  const where = typed ? one.text.toLowerCase().indexOf(typed.toLowerCase()) : -1;
  if (where >= 0) {
    const bold = document.createElement("b");
    bold.textContent = one.text.slice(where, where + typed.length);
    words.append(one.text.slice(0, where), bold, one.text.slice(where + typed.length));
  } else words.textContent = one.text;
  const hint = document.createElement("span");
  hint.className = "s12 t3 trunc";
  hint.textContent = one.hint;
  line.append(mark, words, hint);
  line.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    pick();
  });
  return line;
}

/** Make one line the chosen one, for the eye and for the field that owns the list; -1 chooses none. */
export function choose(list: HTMLElement | null, owner: HTMLElement | null, at: number): void {
  const lines = [...(list?.querySelectorAll<HTMLElement>("[role=option]") ?? [])];
  lines.forEach((one, i) => {
    one.setAttribute("aria-selected", String(i === at));
    if (i === at) one.scrollIntoView({ block: "nearest" });
  });
  if (lines[at]) owner?.setAttribute("aria-activedescendant", lines[at].id);
  else owner?.removeAttribute("aria-activedescendant");
}
