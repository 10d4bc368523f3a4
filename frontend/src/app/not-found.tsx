export const metadata = { title: "Not found" };

export default function NotFound() {
  return (
    <main className="notice">
      <h1>There is no such page</h1>
      <p>
        <a href="/tasks">Go to your tasks</a>
      </p>
    </main>
  );
}
