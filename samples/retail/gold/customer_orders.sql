-- One row an order, with who ordered and what the lines add up to.
WITH lines AS (
  SELECT
    order_id,
    count(DISTINCT product_id) AS product_count,
    sum(quantity)::BIGINT AS item_count,
    sum(line_total) AS calculated_total
  FROM silver.order_items
  GROUP BY order_id
)
SELECT
  o.order_id,
  c.customer_id,
  c.customer_name,
  c.email,
  c.customer_segment,
  c.region,
  o.order_status,
  o.order_date,
  o.order_region,
  o.order_amount AS order_total,
  coalesce(l.product_count, 0) AS product_count,
  coalesce(l.item_count, 0) AS item_count,
  coalesce(l.calculated_total, 0)::DECIMAL(38,2) AS calculated_total,
  coalesce(l.calculated_total, 0) <> o.order_amount AS amount_mismatch
FROM silver.orders o
JOIN silver.customers c ON c.customer_id = o.customer_id
LEFT JOIN lines l ON l.order_id = o.order_id;
