SELECT * FROM STREAM read_files('${data}/olist_products_dataset.csv', format => 'csv')
