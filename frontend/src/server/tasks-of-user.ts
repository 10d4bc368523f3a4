// The tasks of a user who is deleted. They go in the database, by a trigger on Better Auth's table of users or by the
// function that it calls, where this role may use one of them. Where the API has another database, the page deletes
// them by the API before (src/client/delete-account.ts).
import type { Pool } from "pg";

export type TasksGo = "with the user" | "by the function" | "by the API";

// A name in quotes, as regclass reads it: the table is Better Auth's.
const question = `
  SELECT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = to_regclass('"user"') AND tgname = 'tasklane_user_deleted'
                 AND tgenabled IN ('O', 'A')) AS trigger,
         coalesce(has_function_privilege(to_regprocedure('tasklane_delete_user(text)'), 'EXECUTE'), false) AS function`;

export async function howTasksGo(database: Pool): Promise<TasksGo> {
  const { rows } = await database.query<{ trigger: boolean; function: boolean }>(question);
  if (rows[0]?.trigger) return "with the user";
  return rows[0]?.function ? "by the function" : "by the API";
}

/** To be called before the user is deleted. */
export async function deleteTasksOf(database: Pool, userId: string): Promise<void> {
  if ((await howTasksGo(database)) === "by the function")
    await database.query("SELECT tasklane_delete_user($1)", [userId]);
}
