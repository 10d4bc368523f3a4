import { redirect } from "next/navigation";
import { CredentialsForm } from "@/components/credentials-form";
import { safeNext } from "@/client/next-path";
import { config } from "@/server/config";
import { account } from "@/server/session";

export const metadata = { title: "Sign in" };

export default async function Page({
  searchParams,
}: {
  searchParams: Promise<{ next?: string | string[] }>;
}) {
  const { next: wanted } = await searchParams;
  const next = safeNext(typeof wanted === "string" ? wanted : null);
  if (await account()) redirect(next);
  return <CredentialsForm kind="sign-in" next={next} other={config().signUp === "open"} />;
}
