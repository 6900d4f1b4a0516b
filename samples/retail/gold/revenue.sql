-- Day by region, status and segment. Growth compares with the same weekday of the week before.
WITH daily AS (
  SELECT
    o.order_date,
    o.order_region,
    o.order_status,
    c.customer_segment,
    count(*) AS order_count,
    count(DISTINCT o.customer_id) AS customer_count,
    sum(o.order_amount) AS total_revenue
  FROM silver.orders o
  JOIN silver.customers c ON c.customer_id = o.customer_id
  GROUP BY ALL
)
SELECT
  d.order_date,
  d.order_region,
  d.order_status,
  d.customer_segment,
  d.order_count,
  d.customer_count,
  d.total_revenue::DECIMAL(38,2) AS total_revenue,
  (d.total_revenue / d.order_count)::DECIMAL(10,2) AS avg_order_value,
  (sum(d.total_revenue) OVER (
    PARTITION BY d.order_region, d.order_status, d.customer_segment
    ORDER BY d.order_date
  ))::DECIMAL(38,2) AS cumulative_revenue,
  (100 * (d.total_revenue - w.total_revenue) / w.total_revenue)::DECIMAL(12,2) AS wow_growth_pct
FROM daily d
LEFT JOIN daily w
  ON w.order_date = d.order_date - 7
  AND w.order_region = d.order_region
  AND w.order_status = d.order_status
  AND w.customer_segment = d.customer_segment;
