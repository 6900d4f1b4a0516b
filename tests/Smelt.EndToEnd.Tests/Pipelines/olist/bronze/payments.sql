SELECT * FROM STREAM read_files('${data}/olist_order_payments_dataset.csv', format => 'csv')
