CREATE OR REFRESH STREAMING TABLE silver.orders (
  order_id VARCHAR NOT NULL,
  CONSTRAINT approved_after_purchase EXPECT (approved_at >= purchased_at OR approved_at IS NULL) ON VIOLATION FAIL UPDATE
)
AS SELECT
  order_id,
  customer_id,
  order_status,
  order_purchase_timestamp::TIMESTAMP AS purchased_at,
  order_approved_at::TIMESTAMP AS approved_at,
  order_delivered_carrier_date::TIMESTAMP AS handed_over_at,
  order_delivered_customer_date::TIMESTAMP AS delivered_at,
  order_estimated_delivery_date::TIMESTAMP AS estimated_at
FROM STREAM bronze.orders;
