// Times and months of SCHEMA.md. Pure: what the device's clock says is an argument.

const millisMax = 9_999_999_999_999 // 13 digits: the year 2286
export const hourMillis = 3_600_000
export const dayMillis = 24 * hourMillis
const aheadMax = dayMillis // a time further ahead of the device's clock is not followed
const counterMax = 0xffff

const clamp = (ms: number): number => Math.max(0, Math.min(Math.floor(ms) || 0, millisMax))

/** Writes a time: 13 decimal digits of milliseconds, a hyphen, 4 hexadecimal digits of a counter. Compared as text it orders. */
export const formatTime = (millis: number, counter = 0): string =>
  `${String(clamp(millis)).padStart(13, "0")}-${counter.toString(16).padStart(4, "0")}`

/** Reads a time. Null unless it is exactly what {@link formatTime} writes. */
export function parseTime(text: string): { millis: number; counter: number } | null {
  const match = /^(\d{13})-([0-9a-f]{4})$/.exec(text)
  return match ? { millis: Number(match[1]), counter: parseInt(match[2]!, 16) } : null
}

function after(time: string): string {
  const { millis, counter } = parseTime(time)!
  if (counter < counterMax) return formatTime(millis, counter + 1)
  return millis < millisMax ? formatTime(millis + 1) : time
}

/** Makes the times of one device. A new one has seen nothing. */
export class Clock {
  #last = formatTime(0)

  /** Takes note of a time in a document. A time more than 24 hours ahead of the device's clock is not followed. */
  see(time: string, now: number): void {
    const seen = parseTime(time)
    if (seen && seen.millis <= clamp(now) + aheadMax && time > this.#last) this.#last = time
  }

  /** Makes a time, later than every one seen or made except for those now more than 24 hours ahead of the device's clock. */
  next(now: number): string {
    const { millis } = parseTime(this.#last)!
    const device = clamp(now)
    this.#last = millis > device + aheadMax || device > millis ? formatTime(device) : after(this.#last)
    return this.#last
  }

  /** The largest time followed or made. */
  get last(): string {
    return this.#last
  }
}

const formats = new Map<string, Intl.DateTimeFormat>()

function formatOf(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone)
  if (!format) {
    const make = (timeZone: string) =>
      new Intl.DateTimeFormat("en-CA-u-ca-iso8601-nu-latn", { timeZone, year: "numeric", month: "2-digit" })
    try {
      format = make(zone)
    } catch {
      format = make(defaultZone)
    }
    formats.set(zone, format)
  }
  return format
}

export const defaultZone = "Europe/Copenhagen"

/** The month "YYYY-MM" of a moment by the clocks of an IANA time zone; of an unknown zone, by those of Copenhagen. */
export function monthOf(ms: number, zone: string): string {
  const parts = formatOf(zone).formatToParts(clamp(ms))
  const part = (type: string) => parts.find(p => p.type === type)?.value ?? ""
  return `${part("year").padStart(4, "0")}-${part("month").padStart(2, "0")}`
}

/** The month some months after one, or before it when count is negative. */
export function addMonths(month: string, count: number): string {
  const all = Number(month.slice(0, 4)) * 12 + Number(month.slice(5)) - 1 + count
  const bounded = Math.max(0, Math.min(all, 9999 * 12 + 11))
  return `${String(Math.floor(bounded / 12)).padStart(4, "0")}-${String((bounded % 12) + 1).padStart(2, "0")}`
}

/** When a device last heard from its server: what both clocks said, in milliseconds since 1970. */
export interface Contact {
  server: number
  device: number
}

/**
 * Whether a device may trust its clock: it was not more than a day off when it last reached the server, and not more than half of the
 * posts at hand are labelled more than a day after it.
 */
export function clockTrusted(now: number, contact: Contact | null, labels: readonly number[]): boolean {
  const ahead = labels.filter(millis => millis > now + aheadMax).length
  return (!contact || Math.abs(contact.device - contact.server) <= aheadMax) && 2 * ahead <= labels.length
}

/**
 * The best guess at the moment: the device's clock, put right by its last contact with the server when it was more than a day off
 * then and has not been set since; and never before what it has seen.
 */
export function bestNow(now: number, newestSeen: number, contact: Contact | null): number {
  let best = now
  if (contact) {
    const off = contact.server - contact.device
    const corrected = now + off
    if (Math.abs(off) > aheadMax && now >= contact.device && (off > 0 ? now < contact.server : true)) best = corrected
    return Math.max(best, contact.server)
  }
  return Math.max(best, newestSeen)
}
