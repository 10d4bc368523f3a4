-- Autovacuum by counts that fit a table that grows. Left to the server it comes when a fifth of the rows are dead: of a
-- billion that is 200 million, and a vacuum of hours. A hundredth of a billion is ten million, as many as the 64 MB of
-- its usual memory hold at once, so that it reads the indexes once. The fixed part keeps it from coming every minute
-- while the table is small.
--
-- New rows, too: a vacuum makes their pages all-visible and freezes them, bit by bit and not all at once. And the
-- statistics, whose sample costs the same for any size. The lock stops neither reads nor writes.

ALTER TABLE tasks SET (
  autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000,
  autovacuum_vacuum_insert_scale_factor = 0.01, autovacuum_vacuum_insert_threshold = 1000,
  autovacuum_analyze_scale_factor = 0.01, autovacuum_analyze_threshold = 1000);
