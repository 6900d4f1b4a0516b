CREATE OR REFRESH MATERIALIZED VIEW silver_orders_enriched
COMMENT 'Orders enriched with customer data'
AS SELECT
  orders.*,
  customers.customer_name,
  customers.customer_segment,
  customers.region
FROM LIVE.silver_orders AS orders
LEFT JOIN LIVE.silver_customers AS customers ON orders.customer_id = customers.customer_id;
