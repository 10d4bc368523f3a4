"use client";

import Link from "next/link";
import { usePathname } from "next/navigation";
import { Mark } from "./icons";

export function Header({ name }: { name: string }) {
  const path = usePathname();
  const current = (page: string) => (path === page ? "page" : undefined);
  return (
    <header className="top">
      <div className="top-inner">
        <Link className="brand" href="/tasks">
          <Mark /> Tasklane
        </Link>
        <nav aria-label="Main">
          <Link href="/tasks" aria-current={current("/tasks")}>
            Tasks
          </Link>
          <Link href="/account" aria-current={current("/account")} title={name}>
            Account
          </Link>
        </nav>
      </div>
    </header>
  );
}
