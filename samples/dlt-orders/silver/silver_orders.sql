CREATE OR REFRESH STREAMING TABLE silver_orders (
  CONSTRAINT valid_order_id EXPECT (order_id IS NOT NULL) ON VIOLATION DROP ROW,
  CONSTRAINT valid_amount   EXPECT (amount > 0) ON VIOLATION DROP ROW,
  CONSTRAINT valid_status   EXPECT (status IN ('pending', 'completed', 'cancelled')) ON VIOLATION FAIL UPDATE,
  CONSTRAINT valid_customer EXPECT (customer_id IS NOT NULL)
)
COMMENT 'Cleaned and validated orders'
TBLPROPERTIES ('quality' = 'silver')
AS SELECT DISTINCT ON (order_id)
  order_id::BIGINT AS order_id,
  customer_id::BIGINT AS customer_id,
  amount::DECIMAL(10,2) AS amount,
  status,
  order_date::TIMESTAMP AS order_date,
  ingestion_timestamp
FROM STREAM(LIVE.bronze_orders);
