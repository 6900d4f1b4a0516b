CREATE OR REFRESH STREAMING TABLE bronze.customers
COMMENT 'New and changed customers; from 2025-01-08 on with a phone number'
PARTITIONED BY (_ingestion_date)
AS SELECT * FROM STREAM read_files('landing/customers', format => 'csv', header => true);
