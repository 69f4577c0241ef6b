// What time it is at the server, from the Date of an HTTP answer: to the second, which is enough to notice a wrong clock.

const limit = 10_000 // milliseconds

/** Asks the server for its time, in milliseconds since 1970. Null when it does not say, or not to us: to pages of other origins it does not. */
export async function serverTime(url: string): Promise<number | null> {
  if (typeof fetch === "undefined") return null
  const address = new URL(url)
  address.protocol = address.protocol.replace(/^ws/, "http")
  address.pathname = "/"
  if (typeof location !== "undefined" && location.origin !== address.origin) return null // its Date would not be shown to us
  const answer = await fetch(address, { method: "HEAD", cache: "no-store", credentials: "omit", signal: AbortSignal.timeout(limit) })
  const date = Date.parse(answer.headers.get("date") ?? "")
  return Number.isNaN(date) ? null : date
}
