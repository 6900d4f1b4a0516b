-- A materialized view, so that an order leaves quarantine by itself once its customer has arrived.
CREATE OR REFRESH MATERIALIZED VIEW silver.orders (
  CONSTRAINT valid_date EXPECT (order_date IS NOT NULL) ON VIOLATION QUARANTINE ROW,
  CONSTRAINT valid_amount EXPECT (order_amount > 0) ON VIOLATION QUARANTINE ROW,
  CONSTRAINT known_status EXPECT (order_status IN ('pending', 'shipped', 'completed', 'cancelled')) ON VIOLATION FAIL UPDATE,
  CONSTRAINT known_customer EXPECT (customer_exists) ON VIOLATION QUARANTINE ROW
)
COMMENT 'One row an order: status in one spelling, amount and customer checked'
AS
WITH latest AS (
  SELECT * FROM bronze.orders
  QUALIFY row_number() OVER (PARTITION BY order_id ORDER BY updated_at DESC, _source_file DESC) = 1
)
SELECT
  o.order_id,
  o.customer_id,
  TRY_CAST(nullif(o.order_date, '') AS DATE) AS order_date,
  replace(clean_label(o.status), 'canceled', 'cancelled') AS order_status,
  clean_label(o.region) AS order_region,
  TRY_CAST(o.amount AS DECIMAL(10,2)) AS order_amount,
  c.customer_id IS NOT NULL AS customer_exists
FROM latest o
LEFT JOIN silver.customers c ON c.customer_id = o.customer_id;
