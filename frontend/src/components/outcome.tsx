import type { ReactNode } from "react";

/** What became of something done. Both parts are there from the start, or they would not be read out. */
export function Outcome({ mistake, news }: { mistake: string | null; news: ReactNode }) {
  return (
    <>
      <p className="form-error" role="alert">
        {mistake}
      </p>
      <p className="news" role="status">
        {news}
      </p>
    </>
  );
}
