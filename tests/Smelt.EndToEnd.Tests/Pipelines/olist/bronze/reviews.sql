SELECT * FROM STREAM read_files('${data}/olist_order_reviews_dataset.csv', format => 'csv')
