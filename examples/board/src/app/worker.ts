/**
 * The service worker keeps the whole app for offline. A new version is fetched in the background and waits: it takes over
 * when every window of the old one is closed, so never in the middle of writing.
 */
export function registerWorker(): void {
  if (!("serviceWorker" in navigator) || !import.meta.env.PROD) return;
  void navigator.serviceWorker.register(workerAddress()).catch(() => {
    // Private windows refuse it: the app then needs the server to open, and keeps its documents all the same.
  });
}

interface TrustedTypes {
  createPolicy(name: string, rules: { createScriptURL(address: string): string }): { createScriptURL(address: string): unknown };
}

const WORKER = "/sw.js";

/** The address as the Content-Security-Policy wants it: by the one policy that it names, for the one address there is. */
function workerAddress(): string {
  const types = (globalThis as { trustedTypes?: TrustedTypes }).trustedTypes;
  return (types?.createPolicy("tavle", { createScriptURL: () => WORKER }).createScriptURL(WORKER) ?? WORKER) as string;
}
