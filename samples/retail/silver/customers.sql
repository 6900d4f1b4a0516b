CREATE OR REFRESH MATERIALIZED VIEW silver.customers (
  CONSTRAINT has_name EXPECT (customer_name IS NOT NULL) ON VIOLATION DROP ROW,
  CONSTRAINT has_email EXPECT (email IS NOT NULL)
)
COMMENT 'One row a customer: trimmed, lower-case e-mail, the latest row wins'
AS
SELECT
  customer_id::BIGINT AS customer_id,
  nullif(trim(name), '') AS customer_name,
  clean_label(email) AS email,
  clean_label(segment) AS customer_segment,
  clean_label(region) AS region,
  nullif(trim(phone), '') AS phone,
  updated_at::TIMESTAMP AS updated_at
FROM bronze.customers
WHERE _rescued_data IS NULL
QUALIFY row_number() OVER (PARTITION BY customer_id ORDER BY updated_at DESC, _source_file DESC) = 1;
