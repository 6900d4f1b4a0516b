SELECT * FROM STREAM read_files('${data}/olist_geolocation_dataset.csv', format => 'csv')
