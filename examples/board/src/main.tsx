import { StrictMode, Suspense } from "react";
import { createRoot } from "react-dom/client";
import "./design/fonts.css";
import "./design/tokens.css";
import "./design/base.css";
import "./components/components.css";
import "./design/print.css";
import { loadMessages } from "./app/i18n";
import { settings, show } from "./app/settings";
import { registerWorker } from "./app/worker";
import { later } from "./components/later";

// Each part loads when its address is opened; the service worker keeps all of them for offline.
const parts = {
  "/": later(() => import("./parts/phone/view")),
  "/kiosk": later(() => import("./parts/kiosk/view")),
  "/desk": later(() => import("./parts/desk/view")),
} as const;

show();
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);

// A printed poster's number counts at the server; what it leads to stands after #.
if (/^\/p\/[0-9a-z]+\/?$/i.test(location.pathname)) history.replaceState(null, "", `/${location.hash}`);
const path = location.pathname.replace(/\/+$/, "") || "/";
const Part = parts[path as keyof typeof parts] ?? parts["/"];
const root = document.getElementById("root");
if (!root) throw new Error("index.html has no #root");

await loadMessages(settings().language);
createRoot(root).render(
  <StrictMode>
    <Suspense fallback={null}>
      <Part />
    </Suspense>
  </StrictMode>,
);
registerWorker();
