SELECT * FROM STREAM read_files('${data}/olist_orders_dataset.csv', format => 'csv')
