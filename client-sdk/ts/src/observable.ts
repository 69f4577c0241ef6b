// Values that change, and those who want to know. Made for React's useSyncExternalStore, and needing nothing of it.

/** A value to look at, and to be told of. `get` returns the same reference until the value changes. */
export interface Observable<T> {
  get(): T
  /** Calls fn after each change, soon but not at once; several changes may be one call. Returns what ends that. */
  subscribe(fn: () => void): () => void
}

class Subscribers {
  readonly #all = new Set<() => void>()
  #due = false

  add(fn: () => void): () => void {
    const own = () => fn()
    this.#all.add(own)
    return () => void this.#all.delete(own)
  }

  tell(): void {
    if (this.#due || this.#all.size === 0) return
    this.#due = true
    queueMicrotask(() => {
      this.#due = false
      for (const fn of [...this.#all]) fn()
    })
  }
}

/** A value that is set. */
export class Value<T> implements Observable<T> {
  readonly #subscribers = new Subscribers()
  #value: T

  constructor(value: T) {
    this.#value = value
  }

  get(): T {
    return this.#value
  }

  set(value: T): void {
    if (Object.is(value, this.#value)) return
    this.#value = value
    this.#subscribers.tell()
  }

  /** Sets some fields, and tells nobody when they have these values already. */
  patch(fields: Partial<T>): void {
    const changed = Object.entries(fields).some(([key, value]) => !Object.is((this.#value as Record<string, unknown>)[key], value))
    if (changed) this.set({ ...this.#value, ...fields })
  }

  subscribe(fn: () => void): () => void {
    return this.#subscribers.add(fn)
  }
}

/** A value that is computed from others when somebody looks and it has been invalidated since. */
export class Computed<T> implements Observable<T> {
  readonly #subscribers = new Subscribers()
  readonly #compute: (before: T | undefined) => T
  #value: T | undefined
  #stale = true

  constructor(compute: (before: T | undefined) => T) {
    this.#compute = compute
  }

  get(): T {
    if (this.#stale) {
      this.#value = this.#compute(this.#value)
      this.#stale = false
    }
    return this.#value as T
  }

  invalidate(): void {
    this.#stale = true
    this.#subscribers.tell()
  }

  subscribe(fn: () => void): () => void {
    return this.#subscribers.add(fn)
  }
}
