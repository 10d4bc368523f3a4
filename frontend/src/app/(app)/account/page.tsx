import { LocalTime } from "@/components/local-time";
import { SignOut } from "@/components/sign-out";
import { requireAccount } from "@/server/session";

export const metadata = { title: "Account" };

export default async function Page() {
  const user = await requireAccount("/account");
  return (
    <main id="main" className="page">
      <h1>Account</h1>
      <dl className="card facts">
        <div>
          <dt>Name</dt>
          <dd>{user.name}</dd>
        </div>
        <div>
          <dt>Email</dt>
          <dd>{user.email}</dd>
        </div>
        <div>
          <dt>Member since</dt>
          <dd>
            <LocalTime at={user.createdAt} form="date" />
          </dd>
        </div>
      </dl>
      <SignOut />
    </main>
  );
}
