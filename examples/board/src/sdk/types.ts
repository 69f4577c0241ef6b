/** The part of @tavle/client that this app uses, as types, until the package itself is there. */
export interface Observable<T> { get(): T; subscribe(listener: (value: T) => void): () => void }
export type Delivery = "device" | "waiting" | "board";
export type Outcome = "foundHere" | "foundElsewhere" | "notNeeded";

export interface Connection { state: "connecting" | "online" | "offline"; lastReached?: number; waiting: number }
export interface Device { persisted: boolean; evicted: boolean; writeError?: string; bytes?: number }

export interface Reply { id: string; body: string; author: string; createdAt: number; lang: string; mine: boolean; removed?: Removed; delivery: Delivery }
export interface Offer { id: string; author: string; message: string; createdAt: number; withdrawn: boolean; mine: boolean; answer?: "accepted" | "declined"; delivery: Delivery }
export interface Closing { id: string; outcome: Outcome; by: string; createdAt: number; reopened: boolean; mine: boolean }
export interface Terms { id: string; party: string; task: string; place: string; repeat?: string; start?: number; createdAt: number; mine: boolean; stands: boolean }
export interface Ack { id: string; party: string; terms: string; createdAt: number; mine: boolean }
export interface Removed { rule: string; facts: string; createdAt: number }
export interface Conflict { field: string; values: unknown[] }

export interface Post {
  id: string; code: string; kind: string; title: string; body: string; lang: string; author: string; createdAt: number;
  state: "open" | "closed" | "expired"; outcome?: Outcome; place?: string;
  when?: { start?: number; end?: number; repeat?: string; note?: string };
  urgency?: "today" | "week" | "whenever"; item?: { action: "give" | "lend" | "swap" | "seek" }; lost?: "lost" | "found"; tags: string[];
  proxy?: { kind: string };
  replies: Reply[]; offers: Offer[]; acceptedOffers: Offer[]; closings: Closing[];
  idea?: { status: "new" | "considering" | "planned" | "done" | "declined"; reason?: string };
  terms: Terms[]; acks: Ack[]; supports: { count: number; mine: boolean };
  mine: boolean; removed?: Removed; conflicts: Conflict[]; delivery: Delivery; clockSuspect: boolean; expiresOn?: number;
}
