import "@/styles/account.css";
import { AccountFacts } from "@/components/account-facts";
import { DeleteAccount } from "@/components/delete-account";
import { Places } from "@/components/places";
import { SignOut } from "@/components/sign-out";
import { YourTasks } from "@/components/your-tasks";
import { database } from "@/server/auth";
import { config } from "@/server/config";
import { placesOf, requireAccount } from "@/server/session";
import { howTasksGo } from "@/server/tasks-of-user";

export const metadata = { title: "Account" };

export default async function Page({
  searchParams,
}: {
  searchParams: Promise<{ change?: string | string[] }>;
}) {
  const { change } = await searchParams;
  const user = await requireAccount(change === "password" ? "/account?change=password" : "/account");
  const [places, tasksGo] = await Promise.all([placesOf(user), howTasksGo(database())]);
  const { apiOrigin, mail } = config();
  return (
    <main id="main" className="page account">
      <h1>Account</h1>
      <AccountFacts user={user} mail={mail !== null} first={change === "password" ? change : null} />
      <SignOut />
      <Places places={places} current={user.session} />
      <YourTasks apiOrigin={apiOrigin} userId={user.id} />
      <DeleteAccount apiOrigin={apiOrigin} userId={user.id} byApi={tasksGo === "by the API"} />
    </main>
  );
}
