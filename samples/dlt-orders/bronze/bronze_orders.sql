CREATE OR REFRESH STREAMING TABLE bronze_orders
COMMENT 'Raw orders data from source systems'
TBLPROPERTIES ('quality' = 'bronze')
AS SELECT * FROM STREAM read_files('landing/orders', format => 'json');
