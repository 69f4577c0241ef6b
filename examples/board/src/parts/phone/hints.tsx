import { useSyncExternalStore } from "react";
import type { Board } from "@tavle/client";
import { type App, useObservable } from "../../app/client";
import { useT } from "../../app/i18n";
import { useClockWrong } from "../../app/clock";
import { choose, useSettings } from "../../app/settings";
import { dayAndYear } from "../../app/time";
import { useUpdateWaiting } from "../../app/worker";
import { Banner } from "../../components/banner";
import { Button } from "../../components/button";

/** What the browser hands over when it is ready to install the app. */
interface InstallPrompt extends Event {
  prompt(): Promise<void>;
}

let ready: InstallPrompt | null = null;
const listeners = new Set<() => void>();
window.addEventListener("beforeinstallprompt", (e) => {
  e.preventDefault();
  ready = e as InstallPrompt;
  for (const listener of listeners) listener();
});

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** One calm line that the app can be put on the home screen; gone for good once closed. */
export function InstallHint() {
  const { t } = useT();
  const { installHintClosed } = useSettings();
  const prompt = useSyncExternalStore(subscribe, () => ready);
  const installed = matchMedia("(display-mode: standalone)").matches;
  const byHand = /iPhone|iPad/.test(navigator.userAgent);
  if (installHintClosed || installed || !(prompt || byHand)) return null;
  return (
    <Banner icon="device">
      <div className="install">
        <p className="grow">
          {t("install.hint")} {!prompt && t("install.how")}
        </p>
        {prompt && <Button onClick={() => void prompt.prompt()}>{t("install.do")}</Button>}
        <Button tone="quiet" icon="close" label={t("do.close")} onClick={() => choose({ installHintClosed: true })} />
      </div>
    </Banner>
  );
}

/** A new version is here. It starts at the next start, so that nothing changes under somebody who writes. */
export function UpdateHint() {
  const { t } = useT();
  return useUpdateWaiting() ? <Banner icon="info">{t("update.ready")}</Banner> : null;
}

/** The clock of the device is wrong: said on every view, since the times everywhere depend on it. */
export function ClockBanner({ client, board }: { client: NonNullable<App["client"]>; board: Board }) {
  const { t, language } = useT();
  const wrong = useClockWrong(client, useObservable(board.posts));
  if (!wrong) return null;
  return (
    <Banner tone="warn" icon="clock">
      {t("clock.wrong", { day: dayAndYear(language, Date.now()) })}
    </Banner>
  );
}
