/**
 * The service worker keeps the whole app for offline. A new version is fetched in the background and waits: it takes over
 * when every window of the old one is closed, so never in the middle of writing.
 */
import { useSyncExternalStore } from "react";

/** Called once, after the first paint. */
export function registerWorker(): void {
  if (!("serviceWorker" in navigator) || !import.meta.env.PROD) return;
  void navigator.serviceWorker.register(workerAddress()).then(follow, () => {
    // Private windows refuse it: the app then needs the server to open, and keeps its documents all the same.
  });
}

let waiting = false;
const listeners = new Set<() => void>();

/** useUpdateWaiting: a new version is on the device and starts with the next start of the app. */
export function useUpdateWaiting(): boolean {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => waiting,
  );
}

function follow(registration: ServiceWorkerRegistration): void {
  const look = () => {
    // Without a worker in charge the one that waits is the first, and no update.
    waiting = Boolean(registration.waiting && navigator.serviceWorker.controller);
    for (const listener of listeners) listener();
  };
  registration.addEventListener("updatefound", () => registration.installing?.addEventListener("statechange", look));
  look();
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
