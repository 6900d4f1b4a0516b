SELECT * FROM STREAM read_files('${data}/olist_sellers_dataset.csv', format => 'csv')
