-- One row a product that is in the catalogue, sold or not.
WITH sold AS (
  SELECT
    product_id,
    count(DISTINCT order_id) AS order_count,
    sum(quantity)::BIGINT AS units_sold,
    sum(line_total) AS revenue,
    min(unit_price) AS min_selling_price,
    max(unit_price) AS max_selling_price
  FROM silver.order_items
  GROUP BY product_id
)
SELECT
  p.product_id,
  p.product_name,
  p.category,
  p.list_price,
  coalesce(s.order_count, 0) AS order_count,
  coalesce(s.units_sold, 0) AS units_sold,
  coalesce(s.revenue, 0)::DECIMAL(38,2) AS revenue,
  (s.revenue / s.units_sold)::DECIMAL(10,2) AS avg_selling_price,
  s.min_selling_price,
  s.max_selling_price,
  (100 * (1 - (s.revenue / s.units_sold) / p.list_price))::DECIMAL(10,2) AS avg_discount_pct,
  rank() OVER (PARTITION BY p.category ORDER BY coalesce(s.revenue, 0) DESC) AS category_rank
FROM silver.products p
LEFT JOIN sold s ON s.product_id = p.product_id;
