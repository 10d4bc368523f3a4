-- `users` (10,000) users with 10 tasks each, as the benchmarks expect them: user-N has the ids from (N - 1) * 10 + 1 on.
-- With -v long=1 also long-1 … long-64 with 1,000 tasks each, heavy-1 with 10,000, and huge-1 with 5,000 of the longest
-- descriptions. Safe to run again.
\if :{?users} \else \set users 10000 \endif
\if :{?long} \else \set long 0 \endif
SELECT EXISTS (SELECT FROM tasks WHERE user_id = 'user-1') AS seeded \gset
\if :seeded \else
INSERT INTO tasks (id, user_id, title, description, completed, created_at, updated_at)
SELECT (u - 1) * 10 + t, 'user-' || u, 'Task ' || t || ' of user ' || u,
       'What has to be done, in about the length of a sentence.', t % 3 = 0, stamp, stamp
FROM generate_series(1, :users) u, generate_series(1, 10) t,
     LATERAL (SELECT now() - make_interval(mins => u + t) AS stamp) AS made;
SELECT setval(pg_get_serial_sequence('tasks', 'id'), :users * 10) \g /dev/null
INSERT INTO tasks (user_id, title, description, completed, created_at, updated_at)
SELECT owner, 'Task ' || t || ' of ' || owner, 'What has to be done, in about the length of a sentence.',
       t % 3 = 0, stamp, stamp
FROM (SELECT 'long-' || n AS owner, 1000 AS tasks FROM generate_series(1, 64) n
      UNION ALL SELECT 'heavy-1', 10000) AS owners, generate_series(1, tasks) t,
     LATERAL (SELECT now() - make_interval(mins => t) AS stamp) AS made
WHERE :long = 1;
INSERT INTO tasks (user_id, title, description, created_at, updated_at)
SELECT 'huge-1', 'Task ' || t, repeat(U&'\+01F600', 10000), stamp, stamp
FROM generate_series(1, 5000) t, LATERAL (SELECT now() - make_interval(mins => t) AS stamp) AS made WHERE :long = 1;
\endif
VACUUM ANALYZE tasks;
