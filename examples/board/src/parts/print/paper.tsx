/** Paper: what is printed stands in its own place beside the page, which is not printed meanwhile. Shared by kiosk and desk. */
import { type ReactNode, useCallback, useEffect, useState } from "react";
import { createPortal } from "react-dom";
import { loadQr } from "../../components/qr";
import "./style.css";

export interface Printer {
  /** print shows the browser's print dialogue with this on the paper. */
  print: (paper: ReactNode) => void;
  /** Put it anywhere in the tree. */
  roll: ReactNode;
}

/** usePrinter; the paper is thrown away after printing, and with the component that uses it. */
export function usePrinter(): Printer {
  const [paper, setPaper] = useState<{ node: ReactNode } | null>(null);
  useEffect(() => void loadQr(), []);
  useEffect(() => {
    if (!paper) return;
    let gone = false;
    const done = () => setPaper(null);
    window.addEventListener("afterprint", done);
    void Promise.all([document.fonts.ready, loadQr()]).then(() => {
      if (!gone) window.print();
    });
    return () => {
      gone = true;
      window.removeEventListener("afterprint", done);
    };
  }, [paper]);
  const print = useCallback((node: ReactNode) => setPaper({ node }), []);
  return { print, roll: paper && createPortal(<div className="roll">{paper.node}</div>, document.body) };
}

/** The same paper on the screen, made smaller. */
export function Preview({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="preview" role="img" aria-label={label}>
      <div className="preview-paper" aria-hidden="true">
        {children}
      </div>
    </div>
  );
}
