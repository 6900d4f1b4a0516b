-- The same rules with QUARANTINE ROW: what they refuse is all kept, in silver.refused_orders__quarantine, with the reason.
CREATE OR REFRESH STREAMING TABLE refused_orders (
  CONSTRAINT has_order_id EXPECT (order_id IS NOT NULL) ON VIOLATION QUARANTINE ROW,
  CONSTRAINT has_amount   EXPECT (amount IS NOT NULL) ON VIOLATION QUARANTINE ROW,
  CONSTRAINT valid_amount EXPECT (amount > 0) ON VIOLATION QUARANTINE ROW
)
COMMENT 'Orders that pass; beside it those that do not'
AS SELECT * FROM STREAM(LIVE.bronze_orders);
