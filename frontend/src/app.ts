/* The entry of the browser code: settings of htmx, then one import per island. */
import htmx from "htmx.org";

import "./bell";
import "./combobox";
import "./conditions";
import "./day";
import "./dialogs";
import "./drafts";
import "./jot";
import "./keys";
import "./layouts";
import "./list";
import "./menus";
import "./palette";
import "./pwa";
import "./ringing";
import "./roles";
import "./passkey";
import "./theme";
import "./toasts";
import "./views";
import "./pictures";

// The content security policy allows neither eval nor inline styles.
htmx.config.allowEval = false;
htmx.config.includeIndicatorStyles = false;
htmx.config.selfRequestsOnly = true;
htmx.config.historyCacheSize = 0;
// A refused form comes back as 422 with its errors: it is shown in place; other errors only bring a toast.
htmx.config.responseHandling = [
  { code: "204", swap: false },
  { code: "[23]..", swap: true },
  { code: "422", swap: true, error: false },
  { code: "409", swap: true, error: false },
  { code: "[45]..", swap: false, error: true },
];

// The islands of record pages, boards and the composer.
import.meta.glob("./{attaching,batch,board,record,composer,grid,mentions,ticket,write}.ts", { eager: true });
// The calendar comes as a chunk of its own, where there is one.
if (document.getElementById("cal")) void import("./calendar");

document.body.addEventListener("htmx:beforeRequest", (event) => {
  (event as CustomEvent).detail.target?.setAttribute("aria-busy", "true");
});
document.body.addEventListener("htmx:afterRequest", (event) => {
  (event as CustomEvent).detail.target?.removeAttribute("aria-busy");
});
