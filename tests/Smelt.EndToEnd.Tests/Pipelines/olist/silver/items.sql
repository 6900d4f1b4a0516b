SELECT
  order_id,
  order_item_id::INTEGER AS position,
  product_id,
  seller_id,
  shipping_limit_date::TIMESTAMP AS ship_until,
  price::DECIMAL(10,2) AS price,
  freight_value::DECIMAL(10,2) AS freight
FROM STREAM bronze.items
