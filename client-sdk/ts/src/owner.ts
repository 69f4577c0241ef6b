/**
 * Looking after boards, members and devices: calls to the server, for the screens of owners and for one's own devices. They are made over
 * the network and change nothing on this device; each throws {@link Problem}, with `role` when the server does not allow it. Moments are
 * milliseconds since 1970; those that there are not are left out.
 *
 * @packageDocumentation
 */

import { Problem } from "./membership/errors.js"
import type { Membership } from "./membership/membership.js"
import type { DeviceKind, Role } from "./membership/rules/me.js"

export { Problem, type Membership, type DeviceKind, type Role }

/** A board of the server, as far as it is not in the board document. */
export interface ServerBoard {
  id: string
  title: string
  lang: string
  timeZone: string
  created?: number
  demo: boolean
  archived: boolean
}

/** A code and who it is for. The code itself is shown once, when it is made. */
export interface Invite {
  id: string
  board?: string
  roles: Role[]
  label: string
  /** The letters that it was made with. */
  batch?: string
  usesMax: number
  uses: number
  made: number
  /** The code works before it. */
  until: number
  /** The roles end then. */
  roleUntil?: number
  revoked?: number
  by: string
  /** The code works. */
  open: boolean
}

/** An invite that was just made. Nobody can ask for the code again. */
export interface NewInvite extends Invite {
  /** As it is shown: xxxxx-xxxxx. */
  code: string
  /** The address that joins: for a QR code. */
  link: string
}

/** What an invite is to be. */
export interface InviteSpec {
  role: Role
  /** What owners call whoever it is for. */
  label?: string
  /** How many devices may join with it; 1 unless said. */
  uses?: number
  /** The code works before it; for a week unless said. */
  until?: number
  /** The role ends then; never unless said. */
  roleUntil?: number
}

/** How many of some invites were used. */
export interface InviteUse {
  batch?: string
  label: string
  made: number
  until: number
  invites: number
  usesMax: number
  uses: number
  revoked: number
  /** Invites with at least one use. */
  returned: number
}

export interface Member {
  ref: string
  /** What owners call the member; in no document. */
  label: string
  kiosk: boolean
  operator: boolean
  created?: number
  roles: { board: string; role: Role; from?: number; until?: number; by?: string }[]
  /** How many that are not revoked. */
  devices: number
}

export interface MemberDevice {
  id: string
  member: string
  memberLabel?: string
  label: string
  kind: DeviceKind
  added: number
  lastSeen?: number
  leaseDays: number
  /** It was away for too long, and has to join again. */
  leaseEnded?: boolean
  revoked?: number
  revokedBy?: string
  appVersion?: string
  /** Milliseconds that its clock is ahead. */
  clockOffset: number
  /** Changes that it had not sent when it last told; missing when it did not say. */
  unsent?: number
}

/** A change that was refused, or that a revoked device still had (`unsent`). */
export interface RefusedItem {
  id: string
  document: string
  device: string
  member: string
  reason: string
  /** Where in the document, without content. */
  path?: string
  at: number
  bytes: number
  /** It was too large to be kept. */
  dropped?: boolean
}

export interface Poster {
  poster: string
  label: string
  scans: number
  /** By day in UTC, as YYYY-MM-DD. */
  days?: { date: string; scans: number }[]
}

/** One thing that was done: who changed who may do what. Newer servers may write acts that are not listed. */
export interface AuditEntry {
  /** Greater than that of entries before it. */
  n: number
  at: number
  /** The reference of a member, or who else did it: `operator`, `setup` or `server`. */
  by: string
  /** What owners call that member now. */
  byLabel?: string
  act:
    | "boardCreated" | "boardRenamed" | "boardArchived" | "boardResumed"
    | "invited" | "inviteRevoked" | "joined" | "deviceAdded" | "operatorMade"
    | "granted" | "ungranted" | "removed" | "deviceRevoked" | "left" | "forgotten" | "refusedDeleted"
    | (string & {})
  /** The member whom it concerns. */
  subject?: string
  subjectLabel?: string
  /** The invite, the batch of letters, the device or the refused change that it concerns. */
  object?: string
  roles?: Role[]
  /** How many letters. */
  count?: number
}

/** A part of what was done, the latest first. */
export interface AuditPage {
  entries: AuditEntry[]
  /** Where the next part begins; missing when there is none. */
  next?: number
}

/** Counts of a board that name nobody. */
export interface BoardNumbers {
  members: number
  kiosks: number
  devices: number
  roles: Record<string, number>
  /** People by their first week, as 2026-W47. */
  joined: { week: string; people: number }[]
  /** Who is or was an ambassador, each once, by the year (UTC) of the first time; missing from an older server. */
  ambassadors?: { total: number; years: { year: number; people: number }[] }
}

/** Makes a board on the server. For operators; who makes it owns it. */
export const createBoard = (membership: Membership, board: { title: string; lang: string; timeZone?: string }): Promise<ServerBoard> =>
  membership.call("POST", "/v1/boards", board)

/** Makes a code for one more device of this member: for 15 minutes, once. */
export const inviteDevice = (membership: Membership): Promise<NewInvite> => membership.call("POST", "/v1/me/invite", {})

/** Shuts out another device of this member, as one that was lost. */
export async function revokeOwnDevice(membership: Membership, device: string): Promise<void> {
  await membership.call("POST", `/v1/me/devices/${encodeURIComponent(device)}/revoke`, {})
}

/** Leaves: all roles of this member end and all its devices are shut out, this one too, which removes everything that it has. */
export async function leave(membership: Membership): Promise<void> {
  await membership.call("POST", "/v1/me/leave", {})
  await membership.doubt()
}

/** Calls about one board. */
export class BoardOffice {
  readonly #membership: Membership
  readonly #path: string

  /** board is an id or an automerge URL. */
  constructor(membership: Membership, board: string) {
    this.#membership = membership
    this.#path = `/v1/boards/${encodeURIComponent(board.replace(/^automerge:/, ""))}`
  }

  /** All invites, and how many were used of each batch of letters and of those with one label. */
  invites(): Promise<{ invites: Invite[]; batches: InviteUse[]; labels: InviteUse[] }> {
    return this.#read("/invites")
  }

  invite(spec: InviteSpec): Promise<NewInvite> {
    return this.#do("/invites", spec)
  }

  /** Makes the codes of many letters at once, one use each. */
  letters(spec: Omit<InviteSpec, "uses"> & { count: number }): Promise<{ batch: string; letters: NewInvite[] }> {
    return this.#do("/letters", spec)
  }

  /** Ends a code. Who joined with it stays. */
  revokeInvite(invite: string): Promise<Invite> {
    return this.#do(`/invites/${encodeURIComponent(invite)}/revoke`)
  }

  async members(): Promise<Member[]> {
    return (await this.#read<{ members: Member[] }>("/members")).members
  }

  /** Gives a member a role, from now on and for good unless said. */
  grant(member: string, role: Role, when: { from?: number; until?: number } = {}): Promise<Member> {
    return this.#member(member, "grant", { role, ...when })
  }

  ungrant(member: string, role: Role): Promise<Member> {
    return this.#member(member, "ungrant", { role })
  }

  /** Ends all roles of a member on this board. */
  remove(member: string): Promise<Member> {
    return this.#member(member, "remove", {})
  }

  /** Says what owners call a member. */
  label(member: string, label: string): Promise<Member> {
    return this.#member(member, "label", { label })
  }

  /** All devices of the board's members, those that were revoked included. */
  async devices(): Promise<MemberDevice[]> {
    return (await this.#read<{ devices: MemberDevice[] }>("/devices")).devices
  }

  /** Shuts a device out of every board, for good. */
  revokeDevice(device: string): Promise<MemberDevice> {
    return this.#do(`/devices/${encodeURIComponent(device)}/revoke`)
  }

  renameDevice(device: string, label: string): Promise<MemberDevice> {
    return this.#do(`/devices/${encodeURIComponent(device)}/rename`, { label })
  }

  /** What was refused or left over and waits for review, also for moderators. */
  async refused(): Promise<RefusedItem[]> {
    return (await this.#read<{ items: RefusedItem[] }>("/quarantine")).items
  }

  /** An item with its changes in base64, as they came: nobody has checked them. */
  refusedChanges(item: string): Promise<RefusedItem & { changes: string[] }> {
    return this.#read(`/quarantine/${encodeURIComponent(item)}`)
  }

  async deleteRefused(item: string): Promise<void> {
    await this.#do(`/quarantine/${encodeURIComponent(item)}/delete`)
  }

  async posters(): Promise<Poster[]> {
    return (await this.#read<{ posters: Poster[] }>("/posters")).posters
  }

  /** Says whose poster a printed one is, and what to call it. For everybody who writes on the board. */
  async addPoster(poster: string, label: string): Promise<void> {
    await this.#do("/posters", { poster, label })
  }

  numbers(): Promise<BoardNumbers> {
    return this.#read("/numbers")
  }

  /** What was done on the board in the last 24 months, the latest first: `before` is the `next` of the part before. At most 200 at once, 50 unless said. */
  audit({ before, limit }: { before?: number; limit?: number } = {}): Promise<AuditPage> {
    const query = new URLSearchParams()
    if (before !== undefined) query.set("before", String(before))
    if (limit !== undefined) query.set("limit", String(limit))
    return this.#read(`/audit?${query}`)
  }

  rename(title: string): Promise<ServerBoard> {
    return this.#do("/rename", { title })
  }

  /** Makes a board with the settings of this one, and nobody on it. For owners who are operators. */
  clone(title: string): Promise<ServerBoard> {
    return this.#do("/clone", { title })
  }

  /** Nobody writes to an archived board. */
  archive(archived = true): Promise<ServerBoard> {
    return this.#do("/archive", { archived })
  }

  #member(member: string, what: string, body: object): Promise<Member> {
    return this.#do(`/members/${encodeURIComponent(member)}/${what}`, body)
  }

  #read<T>(path: string): Promise<T> {
    return this.#membership.call<T>("GET", this.#path + path)
  }

  #do<T>(path: string, body: object = {}): Promise<T> {
    return this.#membership.call<T>("POST", this.#path + path, body)
  }
}
