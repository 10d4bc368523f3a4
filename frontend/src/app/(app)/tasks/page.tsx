import { TaskBoard } from "@/components/task-board";
import { asFilter } from "@/client/filter";
import { requireAccount } from "@/server/session";

export const metadata = { title: "Tasks" };

export default async function Page({
  searchParams,
}: {
  searchParams: Promise<{ status?: string | string[] }>;
}) {
  const filter = asFilter((await searchParams).status);
  await requireAccount(filter === "all" ? "/tasks" : `/tasks?status=${filter}`);
  return <TaskBoard initialFilter={filter} />;
}
