WITH g0_rows AS (
  SELECT
    "customer-id" AS k,
    SUBSTR("event_time", 1, 19) || RPAD(REPLACE(SUBSTR("event_time", 21), 'Z', ''), 9, '0') AS e,
    SUBSTR(CAST(write_time AS VARCHAR), 1, 10) || 'T' || SUBSTR(CAST(write_time AS VARCHAR), 12, 8) || RPAD(SUBSTR(CAST(write_time AS VARCHAR), 21), 9, '0') AS w,
    COALESCE(is_deleted, FALSE) AS gone,
    "clicks" AS f0,
    "score" AS f1
  FROM "larder_dev"."group_0_1704067200" FOR VERSION AS OF 7000000000
  WHERE "customer-id" IN (SELECT larder_key_0 FROM "larder_dev"."tmp_labels_0123456789abcdef")
    AND "event_time" < '2024-02-02'
    AND write_time <= TIMESTAMP '2024-02-01 23:59:59.999999'
),
g0_history AS (
  SELECT k, e, w, GREATEST(e, w) AS t,
    e || CASE WHEN gone THEN '0' ELSE '1' END || w AS o,
    CAST(ROW(gone, e, f0, f1) AS ROW(gone BOOLEAN, e VARCHAR, f0 BIGINT, f1 DOUBLE)) AS v
  FROM g0_rows
),
g0_line AS (
  SELECT k, t, 0 AS kind, o, v,
         CAST(NULL AS BIGINT) AS larder_row, CAST(NULL AS VARCHAR) AS since
  FROM g0_history
  UNION ALL
  SELECT larder_key_0, larder_at, 1, CAST(NULL AS VARCHAR), NULL, larder_row, CAST(NULL AS VARCHAR)
  FROM "larder_dev"."tmp_labels_0123456789abcdef"
),
g0_seen AS (
  SELECT larder_row, kind, since, MAX_BY(v, o) OVER (PARTITION BY k ORDER BY t, kind ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS v
  FROM g0_line
),
g0 AS (
  SELECT s.larder_row, s.v FROM g0_seen AS s WHERE s.kind = 1
),
g1_rows AS (
  SELECT
    "customer-id" AS k,
    "event_time" AS e,
    SUBSTR(CAST(write_time AS VARCHAR), 1, 10) || 'T' || SUBSTR(CAST(write_time AS VARCHAR), 12, 8) || RPAD(SUBSTR(CAST(write_time AS VARCHAR), 21), 9, '0') AS w,
    COALESCE(is_deleted, FALSE) AS gone,
    "clicks" AS f0,
    "score" AS f1
  FROM "larder_dev"."group_1_1704067200" FOR VERSION AS OF 7000000001
  WHERE "customer-id" IN (SELECT larder_key_1 FROM "larder_dev"."tmp_labels_0123456789abcdef")
    AND "event_time" <= CAST('1706831999.9999998' AS DOUBLE)
),
g1_history AS (
  SELECT k, e, w, e AS t,
    CAST(ROW(e, CASE WHEN gone THEN '0' ELSE '1' END, w) AS ROW(e DOUBLE, live VARCHAR, w VARCHAR)) AS o,
    CAST(ROW(gone, e, f0, f1) AS ROW(gone BOOLEAN, e DOUBLE, f0 BIGINT, f1 DOUBLE)) AS v
  FROM g1_rows
),
g1_line AS (
  SELECT k, t, 0 AS kind, o, v,
         CAST(NULL AS BIGINT) AS larder_row, CAST(NULL AS DOUBLE) AS since
  FROM g1_history
  UNION ALL
  SELECT larder_key_1, larder_seconds, 1, CAST(NULL AS ROW(e DOUBLE, live VARCHAR, w VARCHAR)), NULL, larder_row, CAST(NULL AS DOUBLE)
  FROM "larder_dev"."tmp_labels_0123456789abcdef"
),
g1_seen AS (
  SELECT larder_row, kind, since, MAX_BY(v, o) OVER (PARTITION BY k ORDER BY t, kind ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS v
  FROM g1_line
),
g1 AS (
  SELECT s.larder_row, s.v FROM g1_seen AS s WHERE s.kind = 1
)
SELECT
  l.larder_row AS larder_row,
  l."c0" AS "asked",
  l."c1" AS "late",
  g0.v.f0 AS "Clicks_0",
  g0.v.f1 AS "score_0",
  g1.v.f0 AS "Clicks_1",
  g1.v.f1 AS "score_1"
FROM "larder_dev"."tmp_labels_0123456789abcdef" AS l
LEFT JOIN g0 ON g0.larder_row = l.larder_row AND NOT g0.v.gone
LEFT JOIN g1 ON g1.larder_row = l.larder_row AND NOT g1.v.gone
