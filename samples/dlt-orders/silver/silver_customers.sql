CREATE OR REFRESH MATERIALIZED VIEW silver_customers
TBLPROPERTIES ('delta.enableChangeDataFeed' = 'true')
AS SELECT
  customer_id::BIGINT AS customer_id,
  customer_name,
  email,
  customer_segment,
  region
FROM LIVE.bronze_customers;
