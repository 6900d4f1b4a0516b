SELECT seller_id, seller_zip_code_prefix AS zip, seller_city AS city, seller_state AS state FROM STREAM bronze.sellers
