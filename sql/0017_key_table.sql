-- Better Auth's keys in a table of any name: `usePlural` makes it "jwkss", and a front end may choose its own. Workers
-- ask tasklane_public_keys_in for the table that AUTH_JWKS_TABLE names; the view tasklane_public_keys stays the way to
-- "jwks". Whatever the name, only public halves come out.

-- Makes the function that finds the table: the first ordinary table of that name in the schemas, or the one of a name
-- with its schema. Never a view, whose functions would run with the owner's rights, and no table without public keys.
-- When Better Auth keeps its tables where the owner's search_path does not lead:  CALL tasklane_read_keys_from('{auth}')
CREATE OR REPLACE PROCEDURE tasklane_read_keys_from(schemas text[]) LANGUAGE plpgsql AS $procedure$
BEGIN
  EXECUTE format($create$
    CREATE OR REPLACE FUNCTION tasklane_key_table(keys_table text) RETURNS regclass
      LANGUAGE sql STABLE
      SET search_path = pg_catalog, pg_temp
      AS %L
  $create$, replace($function$
    SELECT relation.oid::regclass
    FROM unnest(CASE WHEN strpos(keys_table, '.') > 0 THEN ARRAY[split_part(keys_table, '.', 1)]
                     ELSE <schemas>::text[] END) WITH ORDINALITY AS path (name, place)
    JOIN pg_namespace AS schema ON schema.nspname = path.name
    JOIN pg_class AS relation ON relation.relnamespace = schema.oid
    WHERE relation.relname = substr(keys_table, strpos(keys_table, '.') + 1) AND relation.relkind IN ('r', 'p')
      AND EXISTS (SELECT FROM pg_attribute AS a
                  WHERE a.attrelid = relation.oid AND a.attname IN ('publicKey', 'public_key'))
    ORDER BY path.place
    LIMIT 1
  $function$, '<schemas>', quote_literal(schemas::text)));
END
$procedure$;

-- Where the function of before has looked.
DO $do$
DECLARE
  home text := current_schema();
  schemas text[];
BEGIN
  EXECUTE format('ALTER PROCEDURE tasklane_read_keys_from(text[]) SET search_path = %I, pg_temp', home);
  EXECUTE (SELECT 'SELECT ' || substring(prosrc FROM 'unnest\((.*)::text\[\]\) WITH') || '::text[]'
           FROM pg_proc WHERE oid = 'tasklane_read_public_keys()'::regprocedure) INTO STRICT schemas;
  CALL tasklane_read_keys_from(schemas);

  -- As 0002_public_keys.sql made it: it runs with its owner's rights, hence the path and row_security.
  EXECUTE format($create$
    CREATE FUNCTION tasklane_public_keys_in(keys_table text)
      RETURNS TABLE (kid text, jwk text, alg text, expires_at timestamptz)
      LANGUAGE plpgsql STABLE SECURITY DEFINER
      SET search_path = pg_catalog, pg_temp
      SET row_security = off
      SET timezone = 'UTC'
      AS %L
  $create$, replace($function$
    DECLARE
      keys regclass := <home>.tasklane_key_table(keys_table);
    BEGIN
      IF keys IS NULL THEN
        RETURN;  -- Better Auth has not made its tables yet: no keys is a normal start
      END IF;

      RETURN QUERY EXECUTE format($query$
        SELECT key.kid, key.jwk, key.alg, key.expires_at
        FROM (
          SELECT j.id::text AS kid,
                 coalesce(r.fields->>'publicKey', r.fields->>'public_key') AS jwk,
                 r.fields->>'alg' AS alg,
                 coalesce(r.fields->>'expiresAt', r.fields->>'expires_at')::timestamptz AS expires_at,
                 coalesce(r.fields->>'createdAt', r.fields->>'created_at')::timestamptz AS created_at
          FROM %s AS j CROSS JOIN LATERAL (SELECT to_jsonb(j) AS fields) AS r
        ) AS key
        WHERE key.expires_at IS NULL OR key.expires_at > now() - interval '30 days'
        ORDER BY key.created_at DESC NULLS LAST
      $query$, keys);
    END
  $function$, '<home>', quote_ident(home)));

  EXECUTE format($create$
    CREATE OR REPLACE FUNCTION tasklane_read_public_keys()
      RETURNS TABLE (kid text, jwk text, alg text, expires_at timestamptz)
      LANGUAGE sql STABLE SECURITY DEFINER
      SET search_path = pg_catalog, pg_temp
      AS 'SELECT kid, jwk, alg, expires_at FROM %I.tasklane_public_keys_in(''jwks'')'
  $create$, home);
END
$do$;

COMMENT ON FUNCTION tasklane_key_table(text) IS 'Where Better Auth''s keys are, by the name of their table.';
COMMENT ON FUNCTION tasklane_public_keys_in(text) IS 'The public columns of Better Auth''s keys, by the name of their table.';
-- It tells no more than the catalogs do, and a worker asks it what right is missing.
GRANT EXECUTE ON FUNCTION tasklane_key_table(text) TO PUBLIC;
REVOKE ALL ON FUNCTION tasklane_public_keys_in(text) FROM PUBLIC;

-- As 0016_index_plans.sql made it, with the right to read keys.
CREATE OR REPLACE PROCEDURE tasklane_grant(role regrole) LANGUAGE plpgsql AS $procedure$
BEGIN
  CALL tasklane_grant_rights(role);
  IF role::oid = (SELECT relowner FROM pg_class WHERE oid = 'tasks'::regclass) THEN
    RETURN;  -- it may be much else
  END IF;
  EXECUTE format('GRANT EXECUTE ON FUNCTION tasklane_public_keys_in(text) TO %s', role);
  CALL tasklane_set(role, 'plan_cache_mode = force_generic_plan');
  CALL tasklane_set(role, 'random_page_cost = 1.1');
  CALL tasklane_set(role, 'enable_seqscan = off');
  CALL tasklane_set(role, 'jit = off');
END
$procedure$;

DO $do$
DECLARE
  role regrole;
BEGIN
  EXECUTE format('ALTER PROCEDURE tasklane_grant(regrole) SET search_path = %I, pg_temp', current_schema());

  -- Every role that serves already.
  FOR role IN
    SELECT DISTINCT acl.grantee FROM pg_class, aclexplode(relacl) AS acl
    WHERE pg_class.oid = 'tasks'::regclass AND acl.privilege_type = 'DELETE' AND acl.grantee NOT IN (0, relowner)
  LOOP
    EXECUTE format('GRANT EXECUTE ON FUNCTION tasklane_public_keys_in(text) TO %s', role);
  END LOOP;
END
$do$;
