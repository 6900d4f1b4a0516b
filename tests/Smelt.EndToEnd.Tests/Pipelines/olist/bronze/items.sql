SELECT * FROM STREAM read_files('${data}/olist_order_items_dataset.csv', format => 'csv')
