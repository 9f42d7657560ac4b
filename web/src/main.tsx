import { CSPProvider } from "@base-ui/react/csp-provider";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { queries } from "./api/queries.ts";
import "./app.css";
import { router } from "./router.tsx";
import { applyTheme } from "./shell/theme.ts";

applyTheme();
createRoot(document.querySelector("#root")!).render(
  <StrictMode>
    {/* The server's content security policy allows no style element that it did not send. */}
    <CSPProvider disableStyleElements>
      <QueryClientProvider client={queries}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </CSPProvider>
  </StrictMode>,
);
