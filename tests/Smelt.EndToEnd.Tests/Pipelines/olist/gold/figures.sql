-- Facts that are one row: a line for each of their fields.
WITH counted AS (
  SELECT 'rows.orders' AS fact, 'value' AS field, count(*)::VARCHAR AS value FROM silver.orders
  UNION ALL SELECT 'rows.items', 'value', count(*)::VARCHAR FROM silver.items
  UNION ALL SELECT 'rows.customers', 'value', count(*)::VARCHAR FROM silver.customers
  UNION ALL SELECT 'rows.products', 'value', count(*)::VARCHAR FROM silver.products
  UNION ALL SELECT 'rows.sellers', 'value', count(*)::VARCHAR FROM silver.sellers
  UNION ALL SELECT 'rows.payments', 'value', count(*)::VARCHAR FROM silver.payments
  UNION ALL SELECT 'rows.reviews', 'value', count(*)::VARCHAR FROM silver.reviews
  UNION ALL SELECT 'rows.geo', 'value', count(*)::VARCHAR FROM silver.geo
  UNION ALL SELECT 'orders.distinct_order_id', 'value', count(DISTINCT order_id)::VARCHAR FROM silver.orders
  UNION ALL SELECT 'customers.distinct', 'ids', count(DISTINCT customer_id)::VARCHAR FROM silver.customers
  UNION ALL SELECT 'customers.distinct', 'people', count(DISTINCT customer_unique_id)::VARCHAR FROM silver.customers
  UNION ALL SELECT 'customers.zip_leading_zero', 'value', count(*)::VARCHAR FROM silver.customers WHERE zip LIKE '0%'
  UNION ALL SELECT 'products.null_category', 'value', count(*)::VARCHAR FROM silver.products WHERE category IS NULL
  UNION ALL SELECT 'reviews.dup_review_id', 'value', (count(*) - count(DISTINCT review_id))::VARCHAR FROM silver.reviews
  UNION ALL SELECT 'reviews.multi_per_order', 'value', count(*)::VARCHAR FROM (SELECT order_id FROM silver.reviews GROUP BY order_id HAVING count(*) > 1) AS several
  UNION ALL SELECT 'reviews.with_newline_in_comment', 'value', count(*)::VARCHAR FROM silver.reviews WHERE contains(message, chr(10))
  UNION ALL SELECT 'reviews.null_comment', 't', count(*)::VARCHAR FROM silver.reviews WHERE title IS NULL
  UNION ALL SELECT 'reviews.null_comment', 'm', count(*)::VARCHAR FROM silver.reviews WHERE message IS NULL
  UNION ALL SELECT 'geo.full_duplicates', 'value', ((SELECT count(*) FROM silver.geo) - count(*))::VARCHAR FROM (SELECT DISTINCT * FROM silver.geo) AS places
  UNION ALL SELECT 'geo.distinct_zip', 'value', count(DISTINCT zip)::VARCHAR FROM silver.geo
  UNION ALL SELECT 'geo.city_non_ascii', 'value', count(*)::VARCHAR FROM silver.geo WHERE regexp_matches(city, '[^ -~]')
),
late AS (
  SELECT
    min(purchased_at) AS lo,
    max(purchased_at) AS hi,
    count(*) FILTER (approved_at < purchased_at) AS approved_before_purchase,
    count(*) FILTER (handed_over_at < approved_at) AS carrier_before_approved,
    count(*) FILTER (delivered_at < handed_over_at) AS customer_before_carrier,
    count(*) FILTER (delivered_at > estimated_at) AS late,
    count(*) FILTER (approved_at IS NULL) AS approved,
    count(*) FILTER (handed_over_at IS NULL) AS carrier,
    count(*) FILTER (delivered_at IS NULL) AS customer,
    count(*) FILTER (order_status = 'delivered' AND delivered_at IS NULL) AS undated,
    count(*) FILTER (order_status <> 'delivered' AND delivered_at IS NOT NULL) AS dated
  FROM silver.orders
),
sold AS (
  SELECT
    sum(i.price) AS price,
    sum(i.freight) AS freight,
    sum(i.price) FILTER (o.order_status = 'delivered') AS delivered_price,
    sum(i.freight) FILTER (o.order_status = 'delivered') AS delivered_freight,
    count(*) FILTER (o.order_status = 'delivered') AS delivered_items,
    count(DISTINCT i.order_id) FILTER (o.order_status = 'delivered') AS delivered_orders,
    count(*) FILTER (o.order_id IS NULL) AS no_order,
    count(*) FILTER (p.product_id IS NULL) AS no_product,
    count(*) FILTER (s.seller_id IS NULL) AS no_seller
  FROM silver.items AS i
  LEFT JOIN silver.orders AS o USING (order_id)
  LEFT JOIN silver.products AS p USING (product_id)
  LEFT JOIN silver.sellers AS s USING (seller_id)
),
matched AS (
  SELECT count(*) FILTER (paid.v <> due.v) AS differ, count(*) FILTER (abs(paid.v - due.v) > 0.05) AS differ_over_5c, count(*) AS n
  FROM (SELECT order_id, sum(amount) AS v FROM silver.payments GROUP BY order_id) AS paid
  JOIN (SELECT order_id, sum(price + freight) AS v FROM silver.items GROUP BY order_id) AS due USING (order_id)
),
paid AS (
  SELECT sum(amount) AS total, count(*) FILTER (amount = 0) AS zero_value, count(*) FILTER (instalments = 0) AS zero_installments, max(instalments) AS max_installments
  FROM silver.payments
)
SELECT * FROM counted
UNION ALL SELECT 'orders.purchase_range', unnest(['lo', 'hi']), unnest([lo, hi])::VARCHAR FROM late
UNION ALL SELECT 'orders.time_inversions', unnest(['approved_before_purchase', 'carrier_before_approved', 'customer_before_carrier', 'late']),
  unnest([approved_before_purchase, carrier_before_approved, customer_before_carrier, late])::VARCHAR FROM late
UNION ALL SELECT 'orders.null_counts', unnest(['approved', 'carrier', 'customer']), unnest([approved, carrier, customer])::VARCHAR FROM late
UNION ALL SELECT 'orders.delivered_without_delivery_date', 'value', undated::VARCHAR FROM late
UNION ALL SELECT 'orders.delivery_date_but_not_delivered', 'value', dated::VARCHAR FROM late
UNION ALL SELECT 'orders.without_items', 'value', count(*)::VARCHAR FROM silver.orders ANTI JOIN silver.items USING (order_id)
UNION ALL SELECT 'items.orphans', unnest(['no_order', 'no_product', 'no_seller']), unnest([no_order, no_product, no_seller])::VARCHAR FROM sold
UNION ALL SELECT 'items.revenue', unnest(['price', 'freight']), unnest([price, freight])::VARCHAR FROM sold
UNION ALL SELECT 'items.revenue_delivered', unnest(['price', 'freight', 'items', 'orders']),
  unnest([delivered_price::VARCHAR, delivered_freight::VARCHAR, delivered_items::VARCHAR, delivered_orders::VARCHAR]) FROM sold
UNION ALL SELECT 'items.max_per_order', 'value', max(n)::VARCHAR FROM (SELECT count(*) AS n FROM silver.items GROUP BY order_id) AS sizes
UNION ALL SELECT 'payments.sum', 'value', total::VARCHAR FROM paid
UNION ALL SELECT 'payments.oddities', unnest(['zero_value', 'zero_installments', 'max_installments']), unnest([zero_value, zero_installments, max_installments])::VARCHAR FROM paid
UNION ALL SELECT 'payments.orders_not_matching_items', unnest(['differ', 'differ_over_5c', 'n']), unnest([differ, differ_over_5c, n])::VARCHAR FROM matched
