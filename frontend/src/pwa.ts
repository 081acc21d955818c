/* The service worker: registered where the connection is safe, so that Rapport can be installed and says when it is alone. */

if ("serviceWorker" in navigator && window.isSecureContext) {
  window.addEventListener("load", () => void navigator.serviceWorker.register("/sw.js").catch(() => undefined));
}

document.addEventListener("click", (event) => {
  if (!(event.target as Element).closest("[data-reload]") || window.location.pathname === "/offline") return;
  event.preventDefault();
  window.location.reload();
});
