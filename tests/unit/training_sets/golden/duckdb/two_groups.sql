WITH g0_versions AS (
  SELECT *, CAST(us AS HUGEINT) * 640000000000000000000 + CASE WHEN ns = 0 THEN 0 ELSE CAST(ns AS HUGEINT) * 640000000000000000 END + CASE WHEN gone THEN 62135596800000000 ELSE 382135596800000000 END + w AS o, CAST(us AS HUGEINT) * 1000 + ns AS e
  FROM (SELECT
    "customer-id" AS k,
    EPOCH_US(CAST("event_time" AS TIMESTAMP)) AS us,
    CASE WHEN LENGTH("event_time") > 27 THEN CAST(RPAD(SUBSTR("event_time", 27, LENGTH("event_time") - 27), 3, '0') AS INTEGER) ELSE 0 END AS ns,
    EPOCH_US(write_time) AS w,
    COALESCE(is_deleted, FALSE) AS gone,
    "clicks" AS f0,
    "score" AS f1
  FROM "larder_dev"."group_0_1704067200"
  WHERE "customer-id" IN (SELECT larder_key_0 FROM "larder_dev"."tmp_labels_0123456789abcdef")
    AND "event_time" < '2024-02-02'
    AND write_time <= TIMESTAMP '2024-02-01 23:59:59.999999')
),
g0 AS (
  SELECT * FROM (SELECT *, GREATEST(e, CAST(w AS HUGEINT) * 1000) AS t FROM g0_versions)
  WINDOW line AS (PARTITION BY k ORDER BY t, o)
  QUALIFY o >= MAX(o) OVER line AND t IS DISTINCT FROM LEAD(t) OVER line
),
g1_versions AS (
  SELECT *, CASE WHEN gone THEN 62135596800000000 ELSE 382135596800000000 END + w AS o
  FROM (SELECT
    "customer-id" AS k,
    "event_time" AS e,
    EPOCH_US(write_time) AS w,
    COALESCE(is_deleted, FALSE) AS gone,
    "clicks" AS f0,
    "score" AS f1
  FROM "larder_dev"."group_1_1704067200"
  WHERE "customer-id" IN (SELECT larder_key_1 FROM "larder_dev"."tmp_labels_0123456789abcdef")
    AND "event_time" <= CAST('1706831999.9999998' AS DOUBLE))
),
g1 AS (
  SELECT k, e, e AS t, UNNEST(ARG_MAX(STRUCT_PACK(gone := gone, f0 := f0, f1 := f1), o))
  FROM g1_versions GROUP BY k, e
)
SELECT
  l.larder_row AS larder_row,
  l."c0" AS "asked",
  l."c1" AS "late",
  CASE WHEN NOT g0.gone THEN g0.f0 END AS "clicks_0",
  CASE WHEN NOT g0.gone THEN g0.f1 END AS "score_0",
  CASE WHEN NOT g1.gone THEN g1.f0 END AS "clicks_1",
  CASE WHEN NOT g1.gone THEN g1.f1 END AS "score_1"
FROM "larder_dev"."tmp_labels_0123456789abcdef" AS l
ASOF LEFT JOIN g0 ON l.larder_key_0 = g0.k AND (CAST(EPOCH_US(CAST(SUBSTR(l.larder_at, 1, 19) AS TIMESTAMP)) AS HUGEINT) * 1000 + CAST(SUBSTR(l.larder_at, 20) AS INTEGER)) >= g0.t
ASOF LEFT JOIN g1 ON l.larder_key_1 = g1.k AND l.larder_seconds >= g1.t
