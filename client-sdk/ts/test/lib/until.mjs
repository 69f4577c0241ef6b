// Waiting by condition. A test never sleeps and hopes.

export const pause = ms => new Promise(resolve => setTimeout(resolve, ms))

// until polls condition (which may be async) and returns its first truthy value. When ms pass it throws, and says what it waited for.
export async function until(condition, what, ms = 15_000) {
  const deadline = Date.now() + ms
  for (let wait = 2; ; wait = Math.min(wait * 1.5, 50)) {
    const value = await condition()
    if (value) return value
    if (Date.now() > deadline) throw new Error(`waited ${ms} ms in vain: ${what}`)
    await pause(wait)
  }
}
