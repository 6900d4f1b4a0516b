-- One row an order, with who ordered and what the lines add up to.
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
  count(DISTINCT i.product_id) AS product_count,
  coalesce(sum(i.quantity), 0)::BIGINT AS item_count,
  coalesce(sum(i.line_total), 0)::DECIMAL(38,2) AS calculated_total,
  coalesce(sum(i.line_total), 0) <> o.order_amount AS amount_mismatch
FROM silver.orders o
JOIN silver.customers c ON c.customer_id = o.customer_id
LEFT JOIN silver.order_items i ON i.order_id = o.order_id
GROUP BY ALL;
