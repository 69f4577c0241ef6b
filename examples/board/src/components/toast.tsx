/** What has just happened, said once at the lower edge, with a way back where there is one. Stays until closed or replaced when it can be undone. */
import { useEffect, useSyncExternalStore } from "react";
import { useT } from "../app/i18n";
import { Button } from "./button";

interface Toast {
  text: string;
  undo?: () => void;
}

/** How long one that cannot be undone stays, in ms. Those with a way back stay until the next, or until closed. */
const STAYS = 8_000;
let current: Toast | null = null;
const listeners = new Set<() => void>();

/** say shows a toast. */
export function say(text: string, undo?: () => void): void {
  set({ text, undo });
}

/** hush removes it: a kiosk that forgets. */
export function hush(): void {
  set(null);
}

function set(toast: Toast | null): void {
  current = toast;
  for (const listener of listeners) listener();
}

/** The place where they appear; once a page. */
export function Toasts() {
  const { t } = useT();
  const toast = useSyncExternalStore(
    (l) => {
      listeners.add(l);
      return () => listeners.delete(l);
    },
    () => current,
  );
  useEffect(() => {
    if (!toast || toast.undo) return;
    const timer = setTimeout(() => current === toast && set(null), STAYS); // not one that has just come
    return () => clearTimeout(timer);
  }, [toast]);
  return (
    <div className="toasts no-print" role="status" aria-live="polite">
      {toast && (
        <div className="toast">
          <span className="grow">{toast.text}</span>
          {toast.undo && (
            <Button
              tone="quiet"
              icon="undo"
              onClick={() => {
                toast.undo?.();
                set(null);
              }}
            >
              {t("do.undo")}
            </Button>
          )}
          <Button tone="quiet" icon="close" label={t("do.close")} onClick={() => set(null)} />
        </div>
      )}
    </div>
  );
}
