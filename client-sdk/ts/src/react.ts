/**
 * React hooks over {@link Observable}.
 *
 * @packageDocumentation
 */

import { useMemo, useSyncExternalStore } from "react"
import type { Board, Loading } from "./board.js"
import type { Client } from "./client.js"
import type { DeviceState } from "./options.js"
import type { BoardSummary } from "./device/registration.js"
import type { Revoked } from "./membership/belonging.js"
import type { Ended } from "./membership/ended.js"
import type { Membership, Standing } from "./membership/membership.js"
import type { Refusal } from "./membership/refusals.js"
import type { Me } from "./membership/rules/me.js"
import type { BoardInfo, Post } from "./model/schema.js"
import type { Connection } from "./net/adapter.js"
import type { Observable } from "./observable.js"

/** The current value of an observable; the component is drawn again when it changes. */
export function useObservable<T>(observable: Observable<T>): T {
  const [subscribe, get] = useMemo(() => [(fn: () => void) => observable.subscribe(fn), () => observable.get()] as const, [observable])
  return useSyncExternalStore(subscribe, get, get)
}

export const useConnection = (client: Client): Connection => useObservable(client.connection)
export const useDevice = (client: Client): DeviceState => useObservable(client.device)
export const useBoards = (client: Client): BoardSummary[] => useObservable(client.boards)
export const useBoardInfo = (board: Board): BoardInfo => useObservable(board.info)
export const useLoading = (board: Board): Loading => useObservable(board.loading)
export const usePosts = (board: Board): Post[] => useObservable(board.posts)
export const usePost = (board: Board, id: string): Post | null => useObservable(board.post(id))
/** Who this device is and what it may; null before it has joined, and on open servers. */
export const useMe = (client: Client): Me | null => useObservable(client.me)
export const useStanding = (membership: Membership): Standing => useObservable(membership.standing)
export const useRevoked = (client: Client): Revoked | null => useObservable(client.revoked)
export const useEnded = (client: Client): readonly Ended[] => useObservable(client.ended)
export const useRefusals = (client: Client): readonly Refusal[] => useObservable(client.refusals)
