import type { ReactNode } from "react";
import { preconnect } from "react-dom";
import { Header } from "@/components/header";
import { TasksProvider } from "@/components/tasks-provider";
import { config } from "@/server/config";
import { account, firstToken } from "@/server/session";

/** The pages of someone who is signed in; the task list lives as long as one of them is shown. */
export default async function Layout({ children }: { children: ReactNode }) {
  const user = await account();
  if (!user) return children; // which sends them to the sign-in page
  const { apiOrigin } = config();
  if (apiOrigin) preconnect(apiOrigin, { crossOrigin: "anonymous" });
  return (
    <TasksProvider apiOrigin={apiOrigin} userId={user.id} firstToken={await firstToken()}>
      <a className="skip" href="#main">
        Skip to content
      </a>
      <Header name={user.name || user.email} />
      {children}
    </TasksProvider>
  );
}
