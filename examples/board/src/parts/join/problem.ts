import { Problem } from "@tavle/client";
import type { MessageKey, Translate } from "../../app/i18n";

const known = new Set(["code", "unreachable", "insecure", "storage", "kiosk", "otherMember", "full", "busy", "role", "lastOwner", "tooMany", "revoked", "unknownDevice"]);

/** The problem in what was thrown. */
export const problemOf = (cause: unknown): Problem => (cause instanceof Problem ? cause : new Problem("unreachable", String(cause)));

/** What went wrong between this device and the server, in words for whoever is in front of it. */
export function problemWords(t: Translate, cause: unknown): string {
  const problem = problemOf(cause);
  if (problem.code === "slow") return t("problem.slow", { n: problem.seconds ?? 60 });
  return known.has(problem.code) ? t(`problem.${problem.code}` as MessageKey) : t("problem.other", { message: problem.message });
}
