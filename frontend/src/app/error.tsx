"use client";

// What could not be made on the server: most often the database is away for a moment.
export default function ErrorPage() {
  return (
    <main className="notice">
      <h1>Something is not working</h1>
      <p>The page could not be made. It may help to try again in a moment.</p>
      <button className="button" type="button" onClick={() => location.reload()}>
        Try again
      </button>
    </main>
  );
}
