"use client";

import { usePathname } from "next/navigation";
import { Mark } from "./icons";
import { SoftLink } from "./soft-link";

export function Header({ name }: { name: string }) {
  const path = usePathname();
  const current = (page: string) => (path === page ? "page" : undefined);
  return (
    <header className="top">
      <div className="top-inner">
        <SoftLink className="brand" href="/tasks">
          <Mark /> Tasklane
        </SoftLink>
        <nav aria-label="Main">
          <SoftLink href="/tasks" aria-current={current("/tasks")}>
            Tasks
          </SoftLink>
          <SoftLink href="/account" aria-current={current("/account")} title={name}>
            Account
          </SoftLink>
        </nav>
      </div>
    </header>
  );
}
