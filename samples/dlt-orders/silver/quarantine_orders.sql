-- As the document has it: its own rules drop the rows without an id or an amount, so that only bad amounts stay.
CREATE OR REFRESH STREAMING TABLE quarantine_orders (
  CONSTRAINT has_order_id EXPECT (order_id IS NOT NULL) ON VIOLATION DROP ROW,
  CONSTRAINT has_amount   EXPECT (amount IS NOT NULL) ON VIOLATION DROP ROW
)
COMMENT 'Orders that failed validation'
AS SELECT * FROM STREAM(LIVE.bronze_orders)
WHERE order_id IS NULL OR amount IS NULL OR amount <= 0;
