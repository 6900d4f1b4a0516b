CREATE OR REFRESH MATERIALIZED VIEW gold_orders_by_customer
TBLPROPERTIES ('delta.enableLiquidClustering' = 'true', 'delta.clusterBy' = 'customer_id, order_date')
AS SELECT * FROM LIVE.silver_orders_enriched;
