-- Must return no rows.
SELECT *
FROM (
  SELECT
    order_date,
    cumulative_revenue,
    lag(cumulative_revenue) OVER (PARTITION BY order_region, order_status, customer_segment ORDER BY order_date) AS before
  FROM gold.revenue
)
WHERE before > cumulative_revenue;
