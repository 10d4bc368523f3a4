"use client";

import { useEffect, useRef, useState } from "react";
import { Api } from "@/client/api";
import { deleteAccount } from "@/client/delete-account";
import { ExportTasks } from "./export-tasks";
import { FieldsForm } from "./fields-form";
import { useHydrated } from "./hydrated";
import { PasswordField } from "./password-field";
import { useTasks } from "./tasks-provider";

interface Props {
  apiOrigin: string;
  userId: string;
  /** The database does not delete the tasks along with the account. */
  byApi: boolean;
}

/** Leaving for good: says what goes, offers the tasks as a file, and asks the password. */
export function DeleteAccount({ apiOrigin, userId, byApi }: Props) {
  const hydrated = useHydrated();
  const [store, { phase, items }] = useTasks();
  const [open, setOpen] = useState(false);
  const opener = useRef<HTMLButtonElement>(null);
  const title = useRef<HTMLHeadingElement>(null);
  const wasOpen = useRef(false);

  useEffect(() => {
    if (open) title.current?.focus();
    else if (wasOpen.current) opener.current?.focus();
    wasOpen.current = open;
  }, [open]);

  async function leave({ password = "" }: Record<string, string>): Promise<string | null> {
    const mistake = await deleteAccount(byApi ? new Api(apiOrigin, userId, null, () => {}) : null, password);
    if (mistake !== null) return mistake;
    store?.forget();
    location.replace("/sign-up"); // a new page: nothing of this account stays in memory
    return null;
  }

  if (!open)
    return (
      <button
        ref={opener}
        className="button quiet alarm"
        type="button"
        disabled={!hydrated}
        onClick={() => setOpen(true)}
      >
        Delete account…
      </button>
    );
  const count = phase === "ready" && items.length > 0 ? `, all ${items.length} of them` : "";
  return (
    <section className="card part" aria-labelledby="delete-account">
      <h2 id="delete-account" ref={title} tabIndex={-1}>
        Delete account
      </h2>
      <p>
        Your tasks{count}, your name, email and password are deleted, and you are signed out everywhere. This
        cannot be undone. Export your tasks first if you want to keep them.
      </p>
      <ExportTasks apiOrigin={apiOrigin} userId={userId} />
      <FieldsForm
        label="Delete account"
        action="Delete account and tasks"
        tone="alarm"
        onCancel={() => setOpen(false)}
        onSubmit={leave}
      >
        <PasswordField label="Password" name="password" />
      </FieldsForm>
    </section>
  );
}
