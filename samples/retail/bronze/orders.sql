CREATE OR REFRESH STREAMING TABLE bronze.orders
COMMENT 'Orders as the shop sends them: JSON lines, a file a day, late ones among them'
PARTITIONED BY (_ingestion_date)
AS SELECT * FROM STREAM read_files('landing/orders', format => 'json');
