/**
 * The service worker keeps the whole app for offline. A new version is fetched in the background and waits: it takes over
 * when every window of the old one is closed, so never in the middle of writing.
 */
export function registerWorker(): void {
  if (!("serviceWorker" in navigator) || !import.meta.env.PROD) return;
  void navigator.serviceWorker.register("/sw.js").catch(() => {
    // Private windows refuse it: the app then needs the server to open, and keeps its documents all the same.
  });
}
