import type { Metadata, Viewport } from "next";
import { connection } from "next/server";
import type { ReactNode } from "react";
import "@/styles/base.css";
import "@/styles/parts.css";
import "@/styles/tasks.css";
import "@/styles/toast.css";

export const metadata: Metadata = {
  applicationName: "Tasklane",
  title: { default: "Tasklane", template: "%s · Tasklane" },
  description: "A calm place for what there is to do.",
  robots: { index: false },
};

export const viewport: Viewport = {
  width: "device-width",
  initialScale: 1,
  colorScheme: "light dark",
  themeColor: [
    { media: "(prefers-color-scheme: light)", color: "#f7f7f5" },
    { media: "(prefers-color-scheme: dark)", color: "#131514" },
  ],
};

export default async function Layout({ children }: { children: ReactNode }) {
  await connection(); // every page is made per request, since its nonce is
  return (
    <html lang="en">
      <body>
        {children}
        <noscript>
          <p className="notice">Tasklane needs JavaScript.</p>
        </noscript>
      </body>
    </html>
  );
}
