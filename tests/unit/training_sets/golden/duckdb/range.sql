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
    AND "event_time" >= '2024-01-30'
    AND write_time <= TIMESTAMP '2024-02-01 23:59:59.999999')
),
g0 AS (
  SELECT *, o AS t FROM g0_versions
)
SELECT
  l.larder_row AS larder_row,
  l."c0" AS "asked",
  l."c1" AS "late",
  CASE WHEN NOT g0.gone AND g0.e >= (CAST(EPOCH_US(CAST(SUBSTR(l.larder_from_0, 1, 19) AS TIMESTAMP)) AS HUGEINT) * 1000 + CAST(SUBSTR(l.larder_from_0, 20) AS INTEGER)) THEN g0.f0 END AS "clicks_0",
  CASE WHEN NOT g0.gone AND g0.e >= (CAST(EPOCH_US(CAST(SUBSTR(l.larder_from_0, 1, 19) AS TIMESTAMP)) AS HUGEINT) * 1000 + CAST(SUBSTR(l.larder_from_0, 20) AS INTEGER)) THEN g0.f1 END AS "score_0"
FROM "larder_dev"."tmp_labels_0123456789abcdef" AS l
ASOF LEFT JOIN g0 ON l.larder_key_0 = g0.k AND ((CAST(EPOCH_US(CAST(SUBSTR(l.larder_at, 1, 19) AS TIMESTAMP)) AS HUGEINT) * 1000 + CAST(SUBSTR(l.larder_at, 20) AS INTEGER)) * 2 + 1) * 320000000000000000 + 319999999999999999 >= g0.t
