CREATE OR REFRESH MATERIALIZED VIEW bronze_customers
COMMENT 'Raw customer data'
AS SELECT * FROM read_files('landing/customers', format => 'parquet');
