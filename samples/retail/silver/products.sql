CREATE OR REFRESH STREAMING TABLE silver.products (
  CONSTRAINT has_name EXPECT (product_name IS NOT NULL) ON VIOLATION DROP ROW,
  CONSTRAINT positive_price EXPECT (list_price > 0) ON VIOLATION QUARANTINE ROW
)
COMMENT 'One row a product, its category in one spelling'
AS
SELECT
  product_id,
  nullif(trim(name), '') AS product_name,
  clean_label(category) AS category,
  list_price::DECIMAL(10,2) AS list_price,
  attributes.colour AS colour,
  attributes.weight_g AS weight_g
FROM STREAM bronze.products;
