// What the server does before it serves.
export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME === "nodejs") (await import("./server/start")).checkConfiguration();
}
