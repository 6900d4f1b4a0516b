-- The star schema: one fact, three dimensions.
CREATE OR REFRESH MATERIALIZED VIEW gold.fact_sales
COMMENT 'One row an order line of an accepted order'
AS
SELECT
  i.order_item_id,
  i.order_id,
  o.customer_id,
  i.product_id,
  o.order_date,
  o.order_status,
  i.quantity,
  i.unit_price,
  i.line_total
FROM silver.order_items i
JOIN silver.orders o ON o.order_id = i.order_id;

CREATE OR REFRESH MATERIALIZED VIEW gold.dim_customer
COMMENT 'Who bought'
AS SELECT customer_id, customer_name, email, customer_segment, region FROM silver.customers;

CREATE OR REFRESH MATERIALIZED VIEW gold.dim_product
COMMENT 'What was sold'
AS SELECT product_id, product_name, category, list_price, colour, weight_g FROM silver.products;

CREATE OR REFRESH MATERIALIZED VIEW gold.dim_date
COMMENT 'Every day between the first and the last order'
AS
SELECT
  d::DATE AS date_day,
  year(d)::INTEGER AS year,
  quarter(d)::INTEGER AS quarter,
  month(d)::INTEGER AS month,
  day(d)::INTEGER AS day,
  isodow(d)::INTEGER AS iso_weekday,
  isodow(d) >= 6 AS is_weekend
FROM (SELECT min(order_date) AS first_day, max(order_date) AS last_day FROM silver.orders) AS bounds,
  LATERAL (SELECT unnest(generate_series(bounds.first_day, bounds.last_day, INTERVAL 1 DAY)) AS d) AS days;
