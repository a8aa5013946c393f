WITH g0_versions AS (
  SELECT *, CASE WHEN gone THEN 62135596800000000 ELSE 382135596800000000 END + w AS o
  FROM (SELECT
    "customer-id" AS k,
    "event_time" AS e,
    EPOCH_US(write_time) AS w,
    COALESCE(is_deleted, FALSE) AS gone,
    "clicks" AS f0,
    "score" AS f1
  FROM "larder_dev"."group_0_1704067200"
  WHERE "customer-id" IN (SELECT larder_key_0 FROM "larder_dev"."tmp_labels_0123456789abcdef")
    AND "event_time" <= CAST('1706831999.9999998' AS DOUBLE)
    AND "event_time" >= CAST('1706616000.0' AS DOUBLE)
    AND write_time <= TIMESTAMP '2024-02-01 23:59:59.999999')
),
g0 AS (
  SELECT l.larder_row, UNNEST(ARG_MAX(STRUCT_PACK(gone := gone, f0 := f0, f1 := f1), ROW(e, o)))
  FROM "larder_dev"."tmp_labels_0123456789abcdef" AS l
  INNER JOIN g0_versions AS v ON v.k = l.larder_key_0 AND v.e <= l.larder_seconds AND CAST(v.w AS HUGEINT) * 1000 <= (CAST(EPOCH_US(CAST(SUBSTR(l.larder_at, 1, 19) AS TIMESTAMP)) AS HUGEINT) * 1000 + CAST(SUBSTR(l.larder_at, 20) AS INTEGER)) AND v.e >= l.larder_from_0
  GROUP BY l.larder_row
)
SELECT
  l.larder_row AS larder_row,
  l."c0" AS "asked",
  l."c1" AS "late",
  CASE WHEN NOT g0.gone THEN g0.f0 END AS "clicks_0",
  CASE WHEN NOT g0.gone THEN g0.f1 END AS "score_0"
FROM "larder_dev"."tmp_labels_0123456789abcdef" AS l
LEFT JOIN g0 ON g0.larder_row = l.larder_row
