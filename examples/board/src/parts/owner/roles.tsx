import type { Role } from "@tavle/client";
import { type MessageKey, type Translate, useT } from "../../app/i18n";
import { dayAndYear } from "../../app/time";

/** Roles of people, in the order in which they are offered. Visitors are kiosks. */
export const ROLES: readonly Role[] = ["resident", "connector", "matchmaker", "moderator", "ambassador", "deputy", "owner", "observer", "visitor"];

/** The word for a role; one of a newer server is called by its own name. */
export function roleWord(t: Translate, role: string): string {
  return (ROLES as readonly string[]).includes(role) ? t(`role.${role}` as MessageKey) : role;
}

/** What a role may do, in one sentence. */
export function roleSentence(t: Translate, role: Role): string {
  return t(`roleHint.${role}` as MessageKey);
}

/** Which roles somebody may give: deputies make neither owners nor deputies, ambassadors only residents. */
export function givable(own: readonly Role[]): readonly Role[] {
  if (own.includes("owner")) return ROLES;
  if (own.includes("deputy")) return ROLES.filter((r) => r !== "owner" && r !== "deputy");
  return ["resident"];
}

/** A role with its time: "volunteer until 5 June 2026". */
export function RoleTag({ role, from, until, now = Date.now() }: { role: string; from?: number; until?: number; now?: number }) {
  const { t, language } = useT();
  const over = until !== undefined && until <= now;
  const later = from !== undefined && from > now;
  return (
    <span className="role-tag" data-over={over || undefined}>
      <strong>{roleWord(t, role)}</strong>
      {later && ` ${t("owner.from", { day: dayAndYear(language, from) })}`}
      {until !== undefined && ` ${t(over ? "owner.ended" : "owner.until", { day: dayAndYear(language, until) })}`}
    </span>
  );
}

/** A role out of those that may be given, with what it means. */
export function RoleSelect({ label, roles, value, onChange }: { label: string; roles: readonly Role[]; value: Role; onChange: (role: Role) => void }) {
  const { t } = useT();
  return (
    <div className="field">
      <label className="stack-s">
        <span className="field-label">{label}</span>
        <select className="input" value={value} onChange={(e) => onChange(e.target.value as Role)}>
          {roles.map((r) => (
            <option key={r} value={r}>
              {roleWord(t, r)}
            </option>
          ))}
        </select>
      </label>
      <p className="field-hint" role="status">{roleSentence(t, value)}</p>
    </div>
  );
}

/** A day as a field of a form has it, to its end, here; undefined for none. */
export function endOfDay(text: string): number | undefined {
  const at = new Date(`${text}T23:59:59`).getTime();
  return text && Number.isFinite(at) ? at : undefined;
}

/** The day so many days from now, as a field of a form has it. */
export function dayFromNow(days: number): string {
  const at = new Date(Date.now() + days * 86_400_000);
  return `${at.getFullYear()}-${String(at.getMonth() + 1).padStart(2, "0")}-${String(at.getDate()).padStart(2, "0")}`;
}
