CREATE OR REFRESH STREAMING TABLE silver.order_items (
  CONSTRAINT positive_quantity EXPECT (quantity > 0) ON VIOLATION QUARANTINE ROW
)
COMMENT 'Order lines with their total'
AS
SELECT
  order_item_id::BIGINT AS order_item_id,
  order_id::BIGINT AS order_id,
  product_id::BIGINT AS product_id,
  quantity::INTEGER AS quantity,
  unit_price::DECIMAL(10,2) AS unit_price,
  (quantity::INTEGER * unit_price::DECIMAL(10,2))::DECIMAL(10,2) AS line_total
FROM STREAM bronze.order_items;
