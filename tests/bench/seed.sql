-- 10,000 users with 10 tasks each, as the benchmarks expect them. Safe to run again.
INSERT INTO tasks (user_id, title, description, completed, created_at, updated_at)
SELECT 'user-' || u, 'Task ' || t || ' of user ' || u, 'What has to be done, in about the length of a sentence.',
       t % 3 = 0, stamp, stamp
FROM generate_series(1, 10000) u, generate_series(1, 10) t,
     LATERAL (SELECT now() - make_interval(mins => u + t) AS stamp) AS made
WHERE NOT EXISTS (SELECT FROM tasks WHERE user_id = 'user-1');
VACUUM ANALYZE tasks;
