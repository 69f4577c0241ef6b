/**
 * Neighbourhood boards that work offline. {@link Client.open} is the way in.
 *
 * @packageDocumentation
 */

export { Client, isReady, type ClientOptions, type ClientTiming, type DeviceState } from "./client.js"
export { Board, type Loading } from "./board.js"
export { Invalid, NotFound, NotHere } from "./errors.js"
export { ready, type Wasm } from "./wasm.js"
export { type Observable } from "./observable.js"
export { type Connection, type Socket, type SocketConstructor } from "./net/adapter.js"
export { type Timing } from "./net/timing.js"
export { IndexedDBStorage, type DeviceStorage } from "./device/indexeddb.js"
export { MemoryStorage } from "./device/memory.js"
export { type BoardSummary, type SecondPlace } from "./device/registration.js"
export * from "./model/schema.js"
export { band, percent, type Numbers } from "./model/numbers.js"
export { type Filter, type Period } from "./model/views.js"
export { type Proposal } from "./model/write.js"
export { bodyMax, lineMax, noteMax, replyMax, tagsMax, titleMax } from "./model/check.js"
export { fold, words } from "./model/words.js"
export { codeOf, demoBoard, findBoardId, isId, pageDocument, parseCode } from "./model/ids.js"
export { parseSecret } from "./model/handover.js"
export { addMonths, monthOf } from "./model/time.js"
export { findPersonalData, type Finding, type FindingKind } from "./model/personal.js"
export { Membership, takeLink, type Joining, type Known, type MembershipOptions, type Standing } from "./membership/membership.js"
export { Problem, type ProblemCode } from "./membership/errors.js"
export { IndexedDBKeeper, MemoryKeeper, type Keeper, type Kept } from "./membership/keeper.js"
export { type DeviceKey } from "./membership/keys.js"
export { type Absence } from "./membership/rules/lease.js"
export { normalCode, showCode } from "./membership/rules/code.js"
export { type DeviceKind, type Me, type MyBoard, type Role, type RoleHeld } from "./membership/rules/me.js"
export { relationTo, type Action, type Relation } from "./membership/rules/rights.js"
