import type { ReactNode } from "react";
import { Mark } from "@/components/icons";

export default function Layout({ children }: { children: ReactNode }) {
  return (
    <div className="door">
      <header className="brand">
        <Mark /> Tasklane
      </header>
      {children}
    </div>
  );
}
