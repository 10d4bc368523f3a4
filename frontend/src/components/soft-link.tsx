"use client";

import { useRouter } from "next/navigation";
import type { ComponentProps, MouseEvent } from "react";

/** A link within the app that keeps the page's state. Next.js' own would add 6 kB to the page and fetch ahead. */
export function SoftLink({ href, ...rest }: ComponentProps<"a"> & { href: string }) {
  const router = useRouter();

  function follow(event: MouseEvent) {
    const elsewhere = event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey;
    if (elsewhere) return;
    event.preventDefault();
    router.push(href);
  }

  return <a href={href} onClick={follow} {...rest} />;
}
