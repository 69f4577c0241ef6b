// Who a device belongs to, as the server tells it. Pure.

import { bestNow, type Contact } from "../../model/time.js"

/** The roles there are on a board. A newer server may name others. */
export type Role = "visitor" | "resident" | "connector" | "matchmaker" | "moderator" | "ambassador" | "owner" | "deputy" | "observer"

export type DeviceKind = "phone" | "kiosk" | "desk" | "cli"

/** A role and when it holds, in milliseconds since 1970. */
export interface RoleHeld {
  readonly role: Role
  readonly from: number
  /** Null for good. */
  readonly until: number | null
}

/** A board on which this member has or had a role. */
export interface MyBoard {
  readonly id: string
  readonly title: string
  readonly lang: string
  readonly timeZone: string
  readonly demo: boolean
  readonly archived: boolean
  readonly roles: readonly RoleHeld[]
}

/** Who this device is and to whom it belongs. */
export interface Me {
  readonly device: { readonly id: string; readonly label: string; readonly kind: DeviceKind; readonly added: number; readonly leaseDays: number }
  readonly member: {
    /** What documents name this member by. */
    readonly ref: string
    /** What owners call this member; in no document. */
    readonly label: string
    /** Not a person: many people use it, one after the other. */
    readonly kiosk: boolean
  }
  readonly boards: readonly MyBoard[]
  /** Ids of boards to which this member belonged and belongs no more. A board that is in neither list is one that the server does not know of. */
  readonly ended: readonly string[]
  /** May make boards on this server. */
  readonly operator: boolean
}

const leaseDaysUsual = 60

/** Reads what the server answered. Null when it does not say who this device is. */
export function readMe(answer: unknown): Me | null {
  const { device, member, boards, ended, operator } = dict(answer)
  const { id, label, kind, added, leaseDays } = dict(device)
  const ref = dict(member).ref
  if (typeof id !== "string" || typeof ref !== "string" || !ref) return null
  const days = typeof leaseDays === "number" && leaseDays > 0 ? leaseDays : leaseDaysUsual
  return {
    device: { id, label: text(label), kind: text(kind) as DeviceKind, added: moment(added) ?? 0, leaseDays: days },
    member: { ref, label: text(dict(member).label), kiosk: dict(member).kiosk === true },
    boards: list(boards).map(readBoard),
    ended: list(ended).map(text),
    operator: operator === true,
  }
}

function readBoard(answer: unknown): MyBoard {
  const { id, title, lang, timeZone, demo, archived, roles } = dict(answer)
  return {
    id: text(id), title: text(title), lang: text(lang), timeZone: text(timeZone), demo: demo === true, archived: archived === true,
    roles: list(roles).map(held => {
      const { role, from, until } = dict(held)
      return { role: text(role) as Role, from: moment(from) ?? 0, until: moment(until) }
    }),
  }
}

const dict = (value: unknown): Record<string, unknown> => (typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {})
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])
const text = (value: unknown): string => (typeof value === "string" ? value : "")

const moment = (value: unknown): number | null => (typeof value === "number" && value > 0 ? value : null)

/**
 * The roles that hold on a board at a moment of the server's clock. Where that is not known, now is what the device says, and a role without
 * an end holds: the server told of it, and a device that believes to be in 1970 would have none.
 */
export function rolesOn(me: Me, board: string, now: number, known = true): Role[] {
  const roles = me.boards.find(({ id }) => id === board)?.roles ?? []
  const holds = ({ from, until }: RoleHeld) => (until === null ? !known || from <= now : from <= now && now < until)
  return roles.filter(holds).map(({ role }) => role)
}

const dayMillis = 86_400_000
const rounded = 1000 // the server told its time in whole seconds, rounded down

/** What the server's clock says, for what it says about moments: also a difference of minutes counts, which documents take as it is. */
export function serverNow(now: number, contact: Contact): number {
  const off = contact.server - contact.device
  const best = Math.abs(off) > dayMillis ? bestNow(now, 0, contact) : Math.max(now + off, contact.server)
  return best + rounded
}
