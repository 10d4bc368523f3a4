-- The public half of Better Auth's signing keys, and nothing else of its "jwks" table. The role that serves
-- reads the view tasklane_public_keys; the private keys stay out of its reach.
--
-- The table belongs to Better Auth and may appear later, or lack columns: before version 1.7 it has neither
-- "alg" nor "crv", and hand-made schemas have no "expiresAt" or snake_case names. So it is looked up at every
-- call, and a row is read as jsonb, where a missing column is null.

-- Makes the function that reads the table, for the schemas where it may be. When Better Auth keeps its tables
-- where the owner's search_path does not lead:  CALL tasklane_read_keys_from('{auth}')
CREATE PROCEDURE tasklane_read_keys_from(schemas text[]) LANGUAGE plpgsql AS $procedure$
BEGIN
  -- It runs with its owner's rights, hence: a path no one else can create in, the caller's temporary tables
  -- last; the schemas as a constant; an error, not an empty key set, when a row security policy hides rows. A
  -- timestamp without time zone, as some schemas have, is UTC.
  EXECUTE format($create$
    CREATE OR REPLACE FUNCTION tasklane_read_public_keys()
      RETURNS TABLE (kid text, jwk text, alg text, expires_at timestamptz)
      LANGUAGE plpgsql STABLE SECURITY DEFINER
      SET search_path = pg_catalog, pg_temp
      SET row_security = off
      SET timezone = 'UTC'
      AS %L
  $create$, replace($function$
    DECLARE
      keys text;
    BEGIN
      -- The first ordinary table of that name; never a view, whose functions would run with the owner's
      -- rights.
      SELECT format('%I.%I', schema.nspname, relation.relname) INTO keys
      FROM unnest(<schemas>::text[]) WITH ORDINALITY AS path (name, place)
      JOIN pg_namespace AS schema ON schema.nspname = path.name
      JOIN pg_class AS relation ON relation.relnamespace = schema.oid
      WHERE relation.relname = 'jwks' AND relation.relkind IN ('r', 'p')
      ORDER BY path.place
      LIMIT 1;
      IF keys IS NULL THEN
        RETURN;  -- Better Auth has not made its tables yet: no keys is a normal start
      END IF;

      -- Better Auth publishes an expired key for 30 more days: tokens it signed may still be around.
      -- Newest first, so that a reader with a limit keeps those in use.
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
  $function$, '<schemas>', quote_literal(schemas::text)));
END
$procedure$;

COMMENT ON PROCEDURE tasklane_read_keys_from(text[]) IS
  'Sets the schemas in which tasklane_read_public_keys() looks for Better Auth''s jwks table.';
REVOKE ALL ON PROCEDURE tasklane_read_keys_from(text[]) FROM PUBLIC;

-- Where to look: the schemas this migration's own path resolves to ("public", as a rule).
DO $do$
BEGIN
  EXECUTE format('ALTER PROCEDURE tasklane_read_keys_from(text[]) SET search_path = %I, pg_temp',
                 current_schema());
  CALL tasklane_read_keys_from(current_schemas(false)::text[]);
END
$do$;

COMMENT ON FUNCTION tasklane_read_public_keys() IS 'The public columns of Better Auth''s jwks table.';
REVOKE ALL ON FUNCTION tasklane_read_public_keys() FROM PUBLIC;

-- Serves the workers' SELECT kid, jwk, alg FROM tasklane_public_keys
CREATE VIEW tasklane_public_keys AS
  SELECT kid, jwk, alg, expires_at FROM tasklane_read_public_keys();

COMMENT ON VIEW tasklane_public_keys IS 'The keys API tokens may be signed with, without their private halves.';
REVOKE ALL ON tasklane_public_keys FROM PUBLIC;
