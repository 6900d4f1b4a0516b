CREATE OR REFRESH STREAMING TABLE customer_changes
COMMENT 'Every change of a customer, once'
AS SELECT * FROM STREAM table_changes(silver.silver_customers, 0);
