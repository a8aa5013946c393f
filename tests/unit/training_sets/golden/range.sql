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
    AND "event_time" >= '2024-01-30'
    AND write_time <= TIMESTAMP '2024-02-01 23:59:59.999999'
),
g0_history AS (
  SELECT k, e, w, e AS t,
    e || CASE WHEN gone THEN '0' ELSE '1' END || w AS o,
    CAST(ROW(gone, e, f0, f1) AS ROW(gone BOOLEAN, e VARCHAR, f0 BIGINT, f1 DOUBLE)) AS v
  FROM g0_rows
),
g0 AS (
  SELECT l.larder_row, MAX_BY(h.v, h.o) AS v
  FROM "larder_dev"."tmp_labels_0123456789abcdef" AS l
  INNER JOIN g0_history AS h ON h.k = l.larder_key_0 AND h.t <= l.larder_at AND h.e >= l.larder_from_0
  GROUP BY l.larder_row
)
SELECT
  l.larder_row AS larder_row,
  l."c0" AS "asked",
  l."c1" AS "late",
  g0.v.f0 AS "Clicks_0",
  g0.v.f1 AS "score_0"
FROM "larder_dev"."tmp_labels_0123456789abcdef" AS l
LEFT JOIN g0 ON g0.larder_row = l.larder_row AND NOT g0.v.gone
