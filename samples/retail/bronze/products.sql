CREATE OR REFRESH STREAMING TABLE bronze.products
COMMENT 'New products with nested attributes'
PARTITIONED BY (_ingestion_date)
AS SELECT * FROM STREAM read_files('landing/products', format => 'json');
