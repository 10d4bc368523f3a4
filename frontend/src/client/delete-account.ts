// The end of an account. Its tasks go along in the database, or, where the API has another one, by the API before.
import type { Api } from "./api";
import { callAuth } from "./auth-call";
import { loadFailureText } from "./messages";
import { tellTabs } from "./session-watch";

/** Null when nothing is left of the account, otherwise what to tell. `api`: the tasks go by it. */
export async function deleteAccount(api: Api | null, password: string): Promise<string | null> {
  if (api) {
    const right = await callAuth("/account/check-password", { password });
    if ("mistake" in right) return right.mistake;
    const removed = await api.removeAll();
    if (!removed.ok) return `Your tasks could not all be deleted. ${loadFailureText(removed.failure)}`;
  }
  const gone = await callAuth("/delete-user", { password });
  if ("mistake" in gone)
    return api ? `Your tasks are deleted, your account is not. ${gone.mistake}` : gone.mistake;
  tellTabs("deleted");
  return null;
}
