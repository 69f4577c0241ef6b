import { useCallback, useEffect, useRef, useState } from "react";
import { ASK_AFTER, COUNTDOWN, type Idle, type IdleEvent, QUIET, step } from "./idle";

/** Signs of a person. Scrolling by hand is a wheel, a touch or a key; scrolling by the page itself is none. */
const SIGNS = ["pointerdown", "keydown", "input", "wheel", "touchstart", "touchmove", "click", "compositionupdate"] as const;

/**
 * useIdle runs the reducer on the clock of the page. `forget` is called when it becomes quiet; `status` is asked at each tick. Touches inside
 * of an element with `data-finish` do not count: that button ends the session itself.
 */
export function useIdle(forget: () => void, status: () => { nothing: boolean; busy: boolean }): { idle: Idle; finish: () => void; more: () => void } {
  const [idle, setIdle] = useState<Idle>(QUIET);
  const state = useRef<Idle>(QUIET);
  const latest = useRef({ forget, status });
  latest.current = { forget, status };

  const send = useCallback((event: IdleEvent) => {
    const before = state.current;
    const after = step(before, event, performance.now());
    if (after === before) return;
    state.current = after;
    // Each key starts the time again; only a change that can be seen is drawn.
    if (after.phase !== "active" || before.phase !== "active") setIdle(after);
    if (after.phase === "quiet") latest.current.forget();
  }, []);

  useEffect(() => {
    const touch = (event: Event) => {
      if (event.target instanceof Element && event.target.closest("[data-finish]")) return;
      send({ type: "touch" });
    };
    const timer = setInterval(() => send({ type: "tick", ...latest.current.status() }), 1000);
    // The clock of timers may stand still while a tablet sleeps; the clock on the wall does not.
    let hiddenAt = 0;
    const seen = () => {
      if (document.hidden) hiddenAt = Date.now();
      else if (hiddenAt && Date.now() - hiddenAt >= ASK_AFTER + COUNTDOWN) send({ type: "finish" });
    };
    const leave = () => send({ type: "finish" });
    for (const sign of SIGNS) window.addEventListener(sign, touch, { capture: true, passive: true });
    document.addEventListener("visibilitychange", seen);
    window.addEventListener("pagehide", leave);
    return () => {
      clearInterval(timer);
      for (const sign of SIGNS) window.removeEventListener(sign, touch, { capture: true });
      document.removeEventListener("visibilitychange", seen);
      window.removeEventListener("pagehide", leave);
    };
  }, [send]);

  return { idle, finish: () => send({ type: "finish" }), more: () => send({ type: "touch" }) };
}
