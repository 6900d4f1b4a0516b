SELECT * FROM STREAM read_files('${data}/olist_customers_dataset.csv', format => 'csv')
