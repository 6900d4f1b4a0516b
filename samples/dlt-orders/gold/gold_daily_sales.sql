CREATE OR REFRESH MATERIALIZED VIEW gold_daily_sales
COMMENT 'Daily sales metrics by region'
AS SELECT
  order_date::DATE AS date,
  region,
  count(order_id) AS order_count,
  sum(amount) AS total_sales,
  avg(amount)::DECIMAL(12,2) AS avg_order_value,
  count(DISTINCT customer_id) AS unique_customers
FROM LIVE.silver_orders_enriched
WHERE status = 'completed'
GROUP BY order_date::DATE, region;
