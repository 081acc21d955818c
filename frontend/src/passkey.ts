/* Passkeys: a form asks the server for a challenge, the device answers, and the form carries the answer back.
   A form with data-passkey="get" proves one, with "create" makes one. It stays hidden where browsers cannot do it. */

interface Parsers {
  parseCreationOptionsFromJSON(options: unknown): PublicKeyCredentialCreationOptions;
  parseRequestOptionsFromJSON(options: unknown): PublicKeyCredentialRequestOptions;
}

const able = "PublicKeyCredential" in window && "parseRequestOptionsFromJSON" in PublicKeyCredential;

document.querySelectorAll<HTMLFormElement>("form[data-passkey]").forEach((form) => {
  if (able || form.dataset.passkey === "create") form.hidden = false;
});

/** Ask the device; returns its answer as JSON text. */
async function answer(form: HTMLFormElement): Promise<string> {
  const body = new FormData();
  body.set("csrfmiddlewaretoken", (form.elements.namedItem("csrfmiddlewaretoken") as HTMLInputElement).value);
  const asked = await fetch(form.dataset.options ?? "", { method: "POST", body, headers: { "HX-Request": "true" } });
  if (!asked.ok) throw new Error(String(asked.status));
  const options = ((await asked.json()) as { publicKey: unknown }).publicKey;
  const parse = PublicKeyCredential as unknown as Parsers;
  const made =
    form.dataset.passkey === "create"
      ? await navigator.credentials.create({ publicKey: parse.parseCreationOptionsFromJSON(options) })
      : await navigator.credentials.get({ publicKey: parse.parseRequestOptionsFromJSON(options) });
  return JSON.stringify((made as unknown as { toJSON(): unknown }).toJSON());
}

document.addEventListener("submit", (event) => {
  const form = (event.target as Element).closest<HTMLFormElement>("form[data-passkey]");
  if (!form) return;
  const field = form.elements.namedItem("credential") as HTMLInputElement;
  if (field.value) return;
  event.preventDefault();
  const error = form.querySelector<HTMLElement>("[data-error]");
  const say = (text: string | undefined): void => {
    if (error) {
      error.textContent = text ?? "";
      error.hidden = !text;
    }
  };
  say("");
  if (!able) return say(form.dataset.missing);
  form.setAttribute("aria-busy", "true");
  answer(form)
    .then((credential) => {
      field.value = credential;
      form.submit();
    })
    .catch(() => say(form.dataset.cancelled))
    .finally(() => form.removeAttribute("aria-busy"));
});
