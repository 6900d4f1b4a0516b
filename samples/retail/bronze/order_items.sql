CREATE OR REFRESH STREAMING TABLE bronze.order_items
COMMENT 'Order lines as CSV text'
PARTITIONED BY (_ingestion_date)
AS SELECT * FROM STREAM read_files('landing/order_items', format => 'csv', header => true);
