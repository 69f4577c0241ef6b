// What a client is given, and what it says about its device.

import type { StorageAdapterInterface } from "@automerge/automerge-repo/slim"
import type { SecondPlace } from "./device/registration.js"
import type { Membership } from "./membership/membership.js"
import type { Origin } from "./model/schema.js"
import type { SocketConstructor } from "./net/adapter.js"
import type { Timing } from "./net/timing.js"
import type { Wasm } from "./wasm.js"

/** The state of this device's storage. */
export interface DeviceState {
  /** The reference of the member to whom the device belongs; on open servers a random one, and no person. */
  readonly ref: string
  /** Whether the browser has promised not to clear the storage by itself; null when it cannot say. */
  readonly persisted: boolean | null
  /** The storage was found emptied. What was only here is gone from here; nothing was deleted elsewhere. */
  readonly evicted: boolean
  /** Why writing fails at the moment, or null. */
  readonly failing: string | null
  /** Bytes, as the browser estimates. */
  readonly usage?: number
  readonly quota?: number
}

export interface ClientOptions {
  /** The server's websocket address (`ws:` or `wss:`; `http:` and `https:` become that), or null for none. */
  url: string | null
  /** By default IndexedDB; "memory" leaves no trace and ends with the page. */
  storage?: StorageAdapterInterface | "memory"
  /** What kind of device this is; posts say so. */
  origin: Origin
  deviceName?: string
  /** The device's clock, in milliseconds since 1970. */
  now?: () => number
  /** Returns random bytes. */
  random?: (n: number) => Uint8Array
  /** Automerge's wasm, its address or bytes; needed in browsers, once. See {@link ready}. */
  wasm?: Wasm
  /** By default the WebSocket of the platform. */
  webSocket?: SocketConstructor
  /** Where the registration is kept a second time; by default localStorage when the storage is IndexedDB. */
  secondPlace?: SecondPlace | null
  /** Asks the server what time it is; by default a HEAD request to its address. Null when it cannot be known. */
  serverTime?: (url: string) => Promise<number | null>
  timing?: Partial<Timing & ClientTiming>
  /** Needed where the server knows its members; without it this device is a stranger, whom only open servers let in. */
  membership?: Membership
  /** Removes what else the app keeps on the device, when it has to forget everything. Names that begin with "tavle" in the page's storages go by themselves. */
  wipe?: () => Promise<void>
}

/** How long the client waits for what. All in milliseconds. */
export interface ClientTiming {
  /** For a connection, when a board has to be fetched. */
  connect: number
  /** For a board to arrive. */
  arrive: number
  /** For storage to take a change, before a call that made it returns all the same. */
  save: number
  /** Between looks at the clock, for months that end and posts that expire. */
  tick: number
}

export const defaultTiming: ClientTiming = { connect: 8_000, arrive: 20_000, save: 3_000, tick: 30_000 }
