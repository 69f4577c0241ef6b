import { type MessageKey, useT } from "../../app/i18n";
import { ago, dayAndYear } from "../../app/time";
import type { Device } from "./calls";

const DAY = 86_400_000;
/** A clock that is further off than this is worth a word. */
const CLOCK_OFF = 120_000;
/** A kiosk that was not heard of for so long is silent. */
const SILENT = 2 * DAY;
const kinds = new Set(["phone", "kiosk", "desk", "cli"]);

/** What kind of device it is, as a word. */
export const kindKey = (kind: string): MessageKey => `deviceKind.${kinds.has(kind) ? kind : "phone"}` as MessageKey;

/** What is worth knowing about a device's health, each as a sentence; the first of them wants somebody to act. */
export function useHealth(device: Device): { sentences: string[]; alarm: boolean } {
  const { t, language } = useT();
  const now = Date.now();
  if (device.revoked) return { sentences: [t("device.revokedOn", { day: dayAndYear(language, device.revoked) })], alarm: false };
  const sentences: string[] = [];
  let alarm = false;
  if (device.leaseEnded) {
    sentences.push(t("device.leaseEnded"));
    alarm = true;
  } else if (device.lastSeen === undefined) {
    sentences.push(t("device.neverSeen"));
  } else {
    sentences.push(t("device.lastSeen", { ago: ago(language, device.lastSeen, Math.max(now, device.lastSeen)) }));
    const left = Math.ceil((device.lastSeen + device.leaseDays * DAY - now) / DAY);
    if (now - device.lastSeen > SILENT) sentences.push(t("device.lease", { n: Math.max(0, left) }));
    alarm = device.kind === "kiosk" && now - device.lastSeen > SILENT;
  }
  if (Math.abs(device.clockOffset) > CLOCK_OFF) {
    const off = duration(language, Math.abs(device.clockOffset));
    sentences.push(t(device.clockOffset > 0 ? "device.clockAhead" : "device.clockBehind", { off }));
    alarm = true;
  }
  if (device.unsent) sentences.push(t("device.unsent", { n: device.unsent }));
  if (device.appVersion) sentences.push(t("device.version", { version: device.appVersion }));
  return { sentences, alarm };
}

function duration(language: string, ms: number): string {
  const [value, unit] = ms >= 2 * DAY ? [ms / DAY, "day"] : ms >= 7_200_000 ? [ms / 3_600_000, "hour"] : [ms / 60_000, "minute"];
  return new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "long", maximumFractionDigits: 0 }).format(value);
}

/** What happens to a device that is shut out, in words. */
export function ShutOutMeans() {
  const { t } = useT();
  return (
    <ul className="means">
      {(["owner.means.now", "owner.means.wiped", "owner.means.unsent", "owner.means.others", "owner.means.again"] as const).map((key) => (
        <li key={key}>{t(key)}</li>
      ))}
    </ul>
  );
}
