CREATE OR REPLACE FUNCTION jq_string(v text, path text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $body$
DECLARE
  found text[];
BEGIN
  IF v IS NULL THEN
    RETURN NULL;
  END IF;
  IF path ~ '^(\.[A-Za-z0-9_]+)+$' THEN
    RETURN v::json #>> string_to_array(substr(path, 2), '.');
  END IF;
  found := regexp_match(path, '^\.(\w+)\[\]\?? *\| *select\(\.(\w+) *== *"([^"]*)"\) *\| *\.(\w+)$');
  IF found IS NULL THEN
    RAISE EXCEPTION 'jq path not known to the stand-in: %', path;
  END IF;
  RETURN (
    SELECT item ->> found[4]
    FROM json_array_elements(
      CASE WHEN json_typeof(v::json -> found[1]) = 'array' THEN v::json -> found[1] ELSE '[]'::json END
    ) AS item
    WHERE item ->> found[2] = found[3]
    LIMIT 1
  );
END
$body$;
CREATE OR REPLACE FUNCTION jq_boolean(v text, path text) RETURNS boolean LANGUAGE sql IMMUTABLE
  AS $body$ SELECT COALESCE(jq_string(v, path)::boolean, false) $body$;
CREATE OR REPLACE FUNCTION jq_integer(v text, path text) RETURNS integer LANGUAGE sql IMMUTABLE
  AS $body$ SELECT jq_string(v, path)::numeric::integer $body$;
CREATE OR REPLACE FUNCTION jq_long(v text, path text) RETURNS bigint LANGUAGE sql IMMUTABLE
  AS $body$ SELECT jq_string(v, path)::numeric::bigint $body$;
CREATE OR REPLACE FUNCTION jq_double(v text, path text) RETURNS double precision LANGUAGE sql IMMUTABLE
  AS $body$ SELECT jq_string(v, path)::double precision $body$;
CREATE OR REPLACE FUNCTION parsedatetime(v text, pattern text) RETURNS timestamp LANGUAGE sql IMMUTABLE
  AS $body$
    SELECT CASE
      WHEN v ~ '(Z|[+-][0-9]{2}:?[0-9]{2})$' THEN v::timestamptz AT TIME ZONE 'UTC'
      ELSE v::timestamp
    END
  $body$;
CREATE OR REPLACE FUNCTION formatdatetime(v timestamp, pattern text) RETURNS text LANGUAGE sql IMMUTABLE
  AS $body$
    SELECT to_char(v, replace(replace(replace(replace(replace(pattern, 'yyyy', 'YYYY'), 'MM', 'MM'), 'dd', 'DD'), 'HH', 'HH24'), 'mm', 'MI'))
  $body$
