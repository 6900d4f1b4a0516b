CREATE OR REFRESH MATERIALIZED VIEW data_quality_metrics
AS SELECT
  'silver_orders' AS table_name,
  count(*) AS total_records,
  sum(CASE WHEN order_id IS NULL THEN 1 ELSE 0 END) AS null_order_ids,
  sum(CASE WHEN amount <= 0 THEN 1 ELSE 0 END) AS invalid_amounts,
  now() AS measured_at
FROM LIVE.silver_orders;
