import { redirect } from "next/navigation";
import { CredentialsForm } from "@/components/credentials-form";
import { SoftLink } from "@/components/soft-link";
import { safeNext } from "@/client/next-path";
import { config } from "@/server/config";
import { account } from "@/server/session";

export const metadata = { title: "Sign up" };

export default async function Page({
  searchParams,
}: {
  searchParams: Promise<{ next?: string | string[] }>;
}) {
  const { next: wanted } = await searchParams;
  const next = safeNext(typeof wanted === "string" ? wanted : null);
  if (await account()) redirect(next);
  if (config().signUp === "closed") return <Closed />;
  return <CredentialsForm kind="sign-up" next={next} other />;
}

function Closed() {
  return (
    <main id="main" className="card credentials">
      <h1>No new accounts</h1>
      <p>Signing up is closed at present. Ask the people who run this site.</p>
      <p className="aside">
        <SoftLink href="/sign-in">Sign in</SoftLink>
      </p>
    </main>
  );
}
