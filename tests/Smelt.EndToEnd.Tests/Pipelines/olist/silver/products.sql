SELECT product_id, product_category_name AS category, product_photos_qty::INTEGER AS photos, product_weight_g::INTEGER AS weight_g FROM STREAM bronze.products
