-- Facts that are tables: each is one, ordered by its reader.
CREATE VIEW gold.sold AS
SELECT i.*, strftime(o.purchased_at, '%Y-%m') AS month, o.order_status, c.state, coalesce(p.category, '(null)') AS category
FROM silver.items AS i
JOIN silver.orders AS o USING (order_id)
JOIN silver.customers AS c USING (customer_id)
JOIN silver.products AS p USING (product_id);

CREATE MATERIALIZED VIEW gold.orders_by_status AS SELECT order_status, count(*) AS orders FROM silver.orders GROUP BY ALL;

CREATE MATERIALIZED VIEW gold.orders_by_month AS
SELECT strftime(purchased_at, '%Y-%m') AS month, count(*) AS orders, count(*) FILTER (order_status = 'delivered') AS delivered FROM silver.orders GROUP BY ALL;

CREATE MATERIALIZED VIEW gold.revenue_by_month AS
SELECT
  month,
  sum(price) AS price,
  sum(freight) AS freight,
  count(*) AS items,
  count(DISTINCT order_id) AS orders,
  sum(price) FILTER (order_status = 'delivered') AS delivered_price,
  count(DISTINCT order_id) FILTER (order_status = 'delivered') AS delivered_orders
FROM gold.sold
GROUP BY ALL;

CREATE MATERIALIZED VIEW gold.revenue_by_state AS SELECT state, sum(price) AS revenue, count(DISTINCT order_id) AS orders FROM gold.sold GROUP BY ALL;

CREATE MATERIALIZED VIEW gold.revenue_by_category AS SELECT category, sum(price) AS revenue, count(*) AS items FROM gold.sold GROUP BY ALL;

CREATE MATERIALIZED VIEW gold.revenue_by_product AS SELECT product_id, sum(price) AS revenue, count(*) AS items FROM gold.sold GROUP BY ALL;

CREATE MATERIALIZED VIEW gold.customers_by_state AS SELECT state, count(*) AS customers FROM silver.customers GROUP BY ALL;

CREATE MATERIALIZED VIEW gold.payments_by_type AS SELECT payment_type, count(*) AS payments, sum(amount) AS total FROM silver.payments GROUP BY ALL;

CREATE MATERIALIZED VIEW gold.reviews_by_score AS SELECT score, count(*) AS reviews FROM silver.reviews GROUP BY ALL;
