CREATE OR REFRESH MATERIALIZED VIEW gold_customer_lifetime_value
COMMENT 'Customer lifetime value metrics'
AS SELECT
  customer_id,
  customer_name,
  customer_segment,
  count(order_id) AS total_orders,
  sum(amount) AS lifetime_value,
  min(order_date) AS first_order_date,
  max(order_date) AS last_order_date,
  avg(amount)::DECIMAL(12,2) AS avg_order_value
FROM LIVE.silver_orders_enriched
WHERE status = 'completed'
GROUP BY customer_id, customer_name, customer_segment;
